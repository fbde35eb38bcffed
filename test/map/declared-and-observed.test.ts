/**
 * Goal: what the map declares is never exceeded by what happens. Method: twenty systems by dice, each
 * drawn and then run for real in the simulation, SQL included. In hostile worlds the worst wait, the
 * requests that one request became, and the retries of each edge are held against the numbers of the
 * map. In a quiet world every combination of services that are down is tried out, each weighed with
 * its probability: the sum of those that were answered is the availability.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, mkdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after as afterAll, test } from 'node:test'
import { openPgliteMemory } from '#adapters'
import { mapOf, type SystemMap } from '#map'
import { after, contract, edge, query, service, sql, system, type System } from '#model'
import type { Fact } from '#observe'
import { type SimulateOptions, simulateEach } from '#sim'
import { z } from 'zod'
import { diceFrom } from '../../src/map/dice.ts'
import { layers } from '../failures/support/layers.ts'
import { stockThat } from '../failures/support/stocks.ts'

const SYSTEMS = 20
const SERVICES_MAX = 4

/** One call of one service, and who is down meanwhile: a bit for each service. */
const Ask = z.object({ down: z.coerce.number() })

interface Arrow {
  readonly target: number
  readonly deadlineMs: number
  readonly retry: 1 | 2 | 3
  readonly hasFallback: boolean
}

/** How long the `ask` part of a handler took, in ms of simulated time. */
type Waited = (service: string, tookMs: number) => void

const folder = mkdtempSync(join(tmpdir(), 'holdfast-random-systems-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function contractOf(index: number) {
  const http = { route: `GET /s${index}` } as const
  return contract(`s${index}`, { ask: query({ input: Ask, output: z.object({}), http }) })
}

/** A system whose services call only those after them, and what each thing is up. */
function randomSystem(seed: number, waited: Waited): System {
  const dice = diceFrom(seed)
  const pick = (below: number): number => Math.floor(dice() * below)
  const count = 3 + pick(SERVICES_MAX - 2)
  const contracts = Array.from({ length: count }, (_, index) => contractOf(index))
  const services = contracts.map((own, index) => {
    const name = `s${index}`
    const arrows = contracts.slice(index + 1).flatMap((__, below): Arrow[] => {
      if (dice() < 0.35) return []
      const retry = ([1, 2, 3] as const)[pick(3)] ?? 1
      const deadlineMs = 50 * (1 + pick(40))
      return [{ target: index + 1 + below, deadlineMs, retry, hasFallback: dice() < 0.2 }]
    })
    const edges = arrows.map(({ target, deadlineMs, retry, hasFallback }) =>
      edge(contracts[target] ?? own, {
        deadline: `${deadlineMs}ms`,
        // A breaker remembers the combination before this one.
        ops: { ask: { retry, breaker: false, ...(hasFallback ? { fallback: {} } : {}) } },
      }),
    )
    const migrations = join(folder, `${seed}-${index}`)
    mkdirSync(migrations, { recursive: true })
    return service(own, sql({ migrations: pathToFileURL(`${migrations}/`) }), {
      uses: edges,
      handle: {
        ask: after(
          async ({ input, call }) => {
            if ((input.down & (1 << index)) !== 0) throw new Error('this service is down')
            const startedMs = performance.now()
            try {
              for (const each of edges) {
                // One after the other, as the map takes it.
                // oxlint-disable-next-line no-await-in-loop
                await call(each.ask, input)
              }
            } finally {
              waited(name, performance.now() - startedMs)
            }
          },
          () => ({}),
        ),
      },
    })
  })
  return system(`random${seed}`, { services })
}

/** Everything that was stated in one world, and how long that lasted. */
interface World {
  readonly facts: readonly Fact[]
  readonly simulatedMs: number
}

async function run(drawn: System, options: Omit<SimulateOptions, 'observe'>): Promise<World> {
  const facts: Fact[] = []
  const results = await simulateEach(drawn, {
    ...options,
    postgres: openPgliteMemory,
    observe: (fact) => facts.push(fact),
  })
  assert.deepEqual(
    results.flatMap(({ violations }) => violations.map(({ detail }) => detail)),
    [],
  )
  return { facts, simulatedMs: results.reduce((sum, each) => sum + each.simulatedMs, 0) }
}

/** Plain requests, so that nobody but the system itself tries anything twice. */
function load(count: number): SimulateOptions['load'] {
  return async (w) => {
    await w.many(count, () => w.request('s0', { path: '/s0?down=0', deadline: '60s' }))
  }
}

/** Requests that reached each operation for one request from outside, at most. */
function mostRequests({ facts }: World): ReadonlyMap<string, number> {
  const most = new Map<string, number>()
  const served = facts.filter((each) => each.fact === 'served')
  for (const one of Map.groupBy(served, ({ traceId }) => traceId).values())
    for (const [operation, all] of Map.groupBy(one, (each) => each.operation))
      most.set(operation, Math.max(most.get(operation) ?? 0, all.length))
  return most
}

/** Messages that are doubled were not sent twice, and a process that stands still is not bounded. */
const faults = ['loss', 'lost-answer', 'delay', 'partition', 'one-way-partition', 'crash'] as const

/** A timer of a microsecond. */
const SLACK_MS = 0.01

test('in hostile worlds no wait, no request and no retry exceeds what the map of the system says', async (t) => {
  let broken = 0
  for (let seed = 1; seed <= SYSTEMS; seed += 1) {
    const waits = new Map<string, number>()
    const drawn = randomSystem(seed, (name, tookMs) =>
      waits.set(name, Math.max(waits.get(name) ?? 0, tookMs)),
    )
    const map = mapOf(drawn)
    // oxlint-disable-next-line no-await-in-loop -- one simulation at a time in one process.
    const world = await run(drawn, { seeds: [seed], faults, load: load(40) })

    broken += retriesIn(world)
    for (const { name, waits: declared } of map.paths) {
      const seenMs = waits.get(name.slice(0, name.indexOf('.'))) ?? 0
      assert.ok(seenMs <= declared.enforcedMs + SLACK_MS, `${seed} ${name}: waited ${seenMs} ms`)
    }
    const root = map.paths.find(({ name }) => name === 's0.ask')
    for (const [operation, seen] of mostRequests(world)) {
      const most = root?.amplification.product ?? 0
      assert.ok(seen <= most, `${seed}: ${seen} requests at ${operation}, declared ${most}`)
    }
    assertCallsKept(map, world, seed)
  }
  t.diagnostic(`${broken} calls were tried more than once`)
  assert.ok(broken > 100, 'the worlds were hostile enough for retries')
})

function retriesIn({ facts }: World): number {
  return facts.filter((each) => each.fact === 'called' && each.attempts > 1).length
}

/** Each call within its deadline and attempts; all calls of an edge within its budget. */
function assertCallsKept(map: SystemMap, { facts, simulatedMs }: World, seed: number): void {
  const called = facts.filter((each) => each.fact === 'called')
  const starts = facts.filter((each) => each.fact === 'lifecycle' && each.phase === 'starting')
  for (const { arrow, enforcedMs } of map.calls) {
    const own = called.filter((each) => each.edge === arrow.name)
    for (const { tookMs, attempts } of own) {
      assert.ok(tookMs <= enforcedMs + SLACK_MS, `${seed} ${arrow.name}: ${tookMs} ms`)
      assert.ok(attempts <= arrow.policy.attemptsMax, `${seed} ${arrow.name}: ${attempts} attempts`)
    }
    const { retriesMax, trickleMs } = arrow.resolved.edge.budget
    // Counted where they arrive: an attempt that never left is no load, and its repeat costs nothing.
    const reached = facts.filter(
      (each) =>
        each.fact === 'served' &&
        each.caller === arrow.source &&
        each.operation === `${arrow.target}.${arrow.operation}`,
    ).length
    const lives = starts.filter((each) => each.service === arrow.source).length
    const jars = lives * retriesMax + simulatedMs / trickleMs
    const allowed = own.length * (1 + (arrow.policy.budgetRatio ?? Infinity)) + jars
    assert.ok(reached <= allowed, `${seed} ${arrow.name}: ${reached} reached, ${allowed} allowed`)
  }
}

test('while the lowest layer is down, many requests become what the budgets on the map allow', async () => {
  const customers = 200
  const drawn = layers(3, { deadline: '5s', ops: { count: { retry: 3, breaker: false } } })
  const down = stockThat(() => 503)
  const { simulatedMs } = await run(drawn, {
    seeds: [1],
    faults: [],
    foreign: { stock: down.program },
    load: async (w) => {
      const request = { method: 'POST', path: '/page/count', body: { sku: 's1' } } as const
      await w.many(customers, () => w.request('page', request))
    },
  })

  const map = mapOf(drawn)
  const each = map.paths.find(({ name }) => name === 'page.count')?.amplification.bounded ?? 0
  const jars = map.calls.reduce((sum, { arrow }) => {
    const { retriesMax, trickleMs } = arrow.resolved.edge.budget
    return sum + retriesMax + simulatedMs / trickleMs
  }, 0)
  assert.ok(down.asked <= customers * each + jars, `${down.asked} requests, ${each} each declared`)
  assert.ok(down.asked > customers)
})

test('the availability on the map is that of every combination of services that are down', async () => {
  for (let seed = 1; seed <= SYSTEMS; seed += 1) {
    const drawn = randomSystem(seed, () => undefined)
    const dice = diceFrom(1_000 + seed)
    const up = new Map(drawn.services.map(({ name }) => [name, 0.5 + dice() / 2]))
    const stores = drawn.services.map(({ name }) => [`db(${name})`, 1] as const)
    const map = mapOf(drawn, { availability: Object.fromEntries([...up, ...stores]) })
    let answered = 0
    // oxlint-disable-next-line no-await-in-loop -- one simulation at a time in one process.
    await run(drawn, {
      seeds: [seed],
      faults: [],
      load: async (w) => {
        for (let down = 0; down < 2 ** up.size; down += 1) {
          // One after the other, so that no request meets the load of another.
          // oxlint-disable-next-line no-await-in-loop
          const { status } = await w.request('s0', { path: `/s0?down=${down}`, deadline: '60s' })
          if (status === 200) answered += chanceOf([...up.values()], down)
        }
      },
    })

    const { low, high } = map.paths.find(({ name }) => name === 's0.ask')?.availability
      .withFallbacks ?? { low: 0, high: 0 }
    assert.equal(low, high)
    assert.ok(Math.abs(answered - low) < 1e-9, `${seed}: declared ${low}, observed ${answered}`)
  }
})

/** The probability that exactly those services are down. */
function chanceOf(up: readonly number[], down: number): number {
  return up.reduce(
    (product, share, index) => product * ((down & (1 << index)) === 0 ? share : 1 - share),
    1,
  )
}
