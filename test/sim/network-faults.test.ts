/**
 * What a network does beside losing things: it refuses, resets, spoils, slows down and leads astray,
 * and clients leave.
 *
 * Goal: each of these faults brings a weakness to light, and does no harm over an edge. Method: two weak
 * systems, one whose clients repeat a command that has no key, and one that does not look at what it was
 * answered; and a sound one; each under one kind of fault at a time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { system } from 'holdfast'
import { type FaultKind, type Load, simulate, type SimulationResult } from 'holdfast/sim'
import { bank, smallSystem } from './small-system.ts'

const here = (file: string): URL => new URL(`plain/${file}`, import.meta.url)

const SEEDS = 6
const ORDERS = 30

/** What each kind brings to light, and in which of the weak systems. */
const HARM: readonly (readonly [FaultKind, 'hastes' | 'repeats', string])[] = [
  ['refused', 'hastes', 'what is acknowledged is paid'],
  ['dns-flip', 'hastes', 'what is acknowledged is paid'],
  ['slow-link', 'hastes', 'nobody pays twice'],
  ['leave', 'hastes', 'what is ordered is sent'],
  ['reset', 'repeats', 'one intent ticks once'],
  ['corrupted-answer', 'repeats', 'one intent ticks once'],
]

for (const [kind, weakness, sentence] of HARM) {
  test(`'${kind}' harms a service that ${weakness}, and nothing else does`, async () => {
    const weak = weakness === 'hastes' ? hasty : repeating

    const { violations } = await weak([kind])

    assert.ok(violations.length > 0)
    assert.ok(violations.some(({ check }) => check === sentence))
    assert.ok(violations.every(({ faults }) => faults.every((name) => name.startsWith(kind))))
    assert.deepEqual((await weak([])).violations, [])
  })

  test(`'${kind}' does no harm over edges, to a command with a key and to an event`, async () => {
    const { violations, faultsFired, coverage } = await sound([kind])

    assert.deepEqual(violations, [])
    assert.ok((faultsFired[kind] ?? 0) > 0)
    assert.ok(coverage.some(({ faults }) => (faults[kind] ?? 0) > 0))
  })
}

/** Clients who come over eight seconds, so that links have time to fail. */
async function spread(world: Load, work: (n: number) => Promise<unknown>): Promise<void> {
  await world.many(ORDERS, async (n) => {
    await world.sleep(`${1 + 250 * n}ms`)
    await work(n)
  })
}

/** Orders at a plain service that does not look at what it was answered. */
async function hasty(faults: readonly FaultKind[]): Promise<SimulationResult> {
  const env = { PAYMENTS_URL: 'http://payments' }
  const acknowledged = new Set<string>()
  return simulate(system('plain', { services: [] }), {
    seeds: SEEDS,
    faults,
    // Long enough for somebody to leave meanwhile.
    cpu: { payments: '20ms' },
    services: {
      orders: { entry: here('hasty.ts'), schema: here('hasty.sql'), env },
      payments: { entry: here('memory.ts'), schema: here('memory-and-key.sql') },
    },
    load: async (world) => {
      acknowledged.clear()
      await spread(world, async (n) => {
        const { status } = await world.request('orders', { method: 'POST', path: `/${n}` })
        if (status === 200) acknowledged.add(`/${n}`)
      })
    },
    settled: {
      'what is acknowledged is paid': async ({ sql }) => {
        const paid = await sql('payments')`select split_part(id, '?', 1) as id from charges`
        const ids = new Set(paid.map(({ id }) => id))
        return [...acknowledged].every((id) => ids.has(id))
      },
      'nobody pays twice': async ({ sql }) => {
        const [row] = await sql('payments')`
          select count(*) - count(distinct split_part(id, '?', 1)) as more from charges`
        return Number(row?.['more']) === 0
      },
      'what is ordered is sent': async ({ sql }) => {
        const late = await sql(
          'orders',
        )`select from orders where id not in (select id from parcels)`
        return late.length === 0
      },
    },
  })
}

/** Clients who insist on an answer that they can read, of a command without a key. */
async function repeating(faults: readonly FaultKind[]): Promise<SimulationResult> {
  const tick = { method: 'POST', path: '/tick', body: {} }
  return simulate(smallSystem, {
    seeds: SEEDS,
    faults,
    load: async (world) =>
      spread(world, async () => {
        for (let tries = 0; tries < 5; tries += 1) {
          // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
          const answer = await world.request('bank', tick).catch(() => undefined)
          if (answer?.status === 200 && isReadable(answer.text)) return
        }
      }),
    settled: {
      'one intent ticks once': async ({ sql }) => {
        const [row] = await sql('bank')`select ticks from meter`
        return row?.['ticks'] === ORDERS
      },
    },
  })
}

function isReadable(text: string): boolean {
  try {
    return text === '' || JSON.parse(text) !== undefined
  } catch {
    return false
  }
}

/** The same intents with a key, and an event for each. */
async function sound(faults: readonly FaultKind[]): Promise<SimulationResult> {
  const made = new Set<string>()
  return simulate(smallSystem, {
    seeds: SEEDS,
    faults,
    load: async (world) => {
      made.clear()
      await spread(world, async (n) => {
        const { kind } = await world.client(bank).deposit.outcome({ id: `d${n}`, cents: 5 })
        if (kind === 'done') made.add(`d${n}`)
      })
    },
    settled: {
      'what was acknowledged was made, and heard of once': async ({ sql }) => {
        const deposits = await sql('bank')`select id from deposit order by id`
        assert.deepEqual(await sql('audit')`select id from seen order by id`, deposits)
        const ids = new Set(deposits.map(({ id }) => id))
        assert.ok([...made].every((id) => ids.has(id)))
        assert.ok(made.size > ORDERS / 2)
      },
    },
  })
}
