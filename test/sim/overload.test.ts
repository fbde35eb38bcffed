/**
 * A processor that can do so much and no more: what is too much for it waits, and whoever waits too long
 * leaves and asks again.
 *
 * Goal: the metastable failure happens to the user's own service in the simulation, and not behind the
 * incoming pipeline of Holdfast. Method: a shelf that needs 10 ms for each look, and callers at 70 % of
 * what it can do. For two seconds three times as many come. Callers give up after 200 ms and try three
 * times. One shelf is a plain service; the other is a declared one, asked over an edge.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract, query, service, sql, system, type System } from 'holdfast'
import { type Load, simulate, type SimulateOptions } from 'holdfast/sim'
import { z } from 'zod'

const EVERY_MS = 14
const CROWD = { fromMs: 3_000, untilMs: 5_000, everyMs: 14 / 3 }
const END_MS = 14_000
const PATIENCE_MS = 200
const TRIES = 3

const look = query({ input: z.object({ sku: z.string() }), output: z.object({ left: z.int() }) })
const shelf = contract('shelf', { look })

const declared = system('shelves', {
  services: [
    service(shelf, sql({ migrations: new URL('./audit/migrations/', import.meta.url) }), {
      handle: { look: async () => ({ left: 7 }) },
    }),
  ],
})

/** What became of the callers of each second. */
interface Seen {
  /** The share that was answered in time. */
  readonly shares: readonly number[]
  /** Requests that the service refused because it was overloaded. */
  readonly refused: readonly number[]
}

async function seen(
  world: System,
  options: Partial<SimulateOptions>,
  ask: (load: Load) => Promise<boolean>,
): Promise<Seen> {
  const [good, all]: [number[], number[]] = [[], []]
  const refused = Array.from({ length: Math.ceil(END_MS / 1_000) }, () => 0)
  let second = 0
  const one = async (load: Load, begun: number): Promise<void> => {
    all[begun] = (all[begun] ?? 0) + 1
    if (await ask(load)) good[begun] = (good[begun] ?? 0) + 1
  }
  const { violations } = await simulate(world, {
    seeds: [1],
    faults: [],
    cpu: { shelf: '10ms' },
    observe: (fact) => {
      if (fact.fact === 'served' && fact.code === 'HF_OVERLOADED')
        refused[second] = (refused[second] ?? 0) + 1
    },
    load: async (load) => {
      const callers: Promise<void>[] = []
      let atMs = 0
      while (atMs < END_MS) {
        second = Math.floor(atMs / 1_000)
        callers.push(one(load, second))
        const isCrowd = atMs >= CROWD.fromMs && atMs < CROWD.untilMs
        const gapMs = isCrowd ? CROWD.everyMs : EVERY_MS
        atMs += gapMs
        // oxlint-disable-next-line no-await-in-loop -- callers come at a steady rate.
        await load.sleep(`${gapMs}ms`)
      }
      await Promise.all(callers)
    },
    ...options,
  })
  assert.deepEqual(violations, [])
  return { shares: all.map((count, begun) => (good[begun] ?? 0) / count), refused }
}

/** As everybody has written it once. */
async function byHand(load: Load): Promise<boolean> {
  for (let tries = 1; tries <= TRIES; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
    const answer = await load
      .request('shelf', { path: '/', deadline: `${PATIENCE_MS}ms` })
      .catch(() => undefined)
    if (answer?.status === 200) return true
  }
  return false
}

async function overAnEdge(load: Load): Promise<boolean> {
  const { look: asked } = load.client(shelf, { deadline: `${TRIES * PATIENCE_MS}ms` })
  return (await asked.outcome({ sku: 's' })).kind === 'done'
}

const plain = { services: { shelf: { entry: new URL('plain/shelf.ts', import.meta.url) } } }

const before = (shares: readonly number[]): readonly number[] => shares.slice(0, 3)
const after = (shares: readonly number[]): readonly number[] => shares.slice(8)

test('a plain service is busy with those who have left, long after the crowd has gone', async () => {
  const { shares } = await seen(system('plain', { services: [] }), plain, byHand)

  assert.ok(before(shares).every((share) => share === 1))
  assert.ok(after(shares).every((share) => share < 0.1))
})

test('behind the incoming pipeline the same service serves everybody again', async () => {
  const { shares, refused } = await seen(declared, {}, overAnEdge)

  assert.ok(before(shares).every((share) => share === 1))
  assert.ok(after(shares).every((share) => share > 0.95))
  // The admission sees how long work waits for the processor: it refuses in the crowd, and only then.
  assert.ok(before(refused).every((count) => count === 0))
  assert.ok(refused.slice(3, 7).reduce((sum, count) => sum + count) > 100)
  assert.ok(after(refused).every((count) => count === 0))
})

test('C2: who comes too fast is served one after the other, in the order of arrival', async () => {
  const answeredMs: number[] = []
  const { violations } = await simulate(system('plain', { services: [] }), {
    ...plain,
    seeds: [1],
    faults: [],
    cpu: { shelf: { request: '1ms', handler: '9ms' } },
    load: async (load) => {
      const sinceMs = performance.now()
      const one = async (_: unknown, n: number): Promise<void> => {
        await load.sleep(`${1 + 5 * n}ms`)
        await load.request('shelf', { path: '/' })
        answeredMs[n] = performance.now() - sinceMs
      }
      await Promise.all(Array.from({ length: 50 }, one))
    },
  })

  assert.deepEqual(violations, [])
  // Twenty later is 100 ms later, which no latency of at most 40 ms each way makes up for.
  assert.ok(answeredMs.slice(20).every((atMs, n) => atMs > (answeredMs[n] ?? 0)))
  assert.ok(Math.max(...answeredMs) > 500 && Math.max(...answeredMs) < 580)
})

test('two instances do twice as much', async () => {
  const twice = { ...plain, instances: { shelf: 2 }, cpu: { shelf: '20ms' } } as const
  const { shares } = await seen(system('plain', { services: [] }), twice, byHand)

  assert.ok(before(shares).every((share) => share > 0.95))
})

test('C1: work that costs nothing takes no time: without a crowd nobody notices the price', async () => {
  const { shares } = await seen(system('plain', { services: [] }), { ...plain, cpu: {} }, byHand)

  assert.ok(shares.every((share) => share === 1))
})
