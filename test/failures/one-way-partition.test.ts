/**
 * N5: A reaches B, but B does not reach A.
 *
 * Goal: whoever hears nothing does not take that for a no. Method: cards are charged in worlds where
 * links are cut in one direction: requests arrive and are done, and the answers do not come back.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Load, simulate, type SimulationResult } from 'holdfast/sim'
import { card, paid, shopping } from './support/till.ts'

const faults = ['one-way-partition'] as const
const CHARGES = 60

/** What a caller concludes: it was charged, it was not, or nobody knows. */
type Told = 'charged' | 'not charged' | 'unknown'

/** A way to charge one order with a patience of 400 ms. */
type Charge = (world: Load) => (orderId: string) => Promise<Told>

const byHand: Charge = (world) => async (orderId) => {
  const wish = { method: 'POST', path: '/card/swipe', body: { orderId } }
  const answer = await world.request('card', { ...wish, deadline: '400ms' }).catch(() => undefined)
  return answer?.status === 200 ? 'charged' : 'not charged'
}

const overAnEdge: Charge = (world) => {
  const { charge } = world.client(card, { deadline: '400ms' })
  return async (orderId) => {
    const { kind } = await charge.outcome({ orderId })
    if (kind === 'done') return 'charged'
    return kind === 'unknown' ? 'unknown' : 'not charged'
  }
}

/** Charges many orders, and compares what was told with what was done. */
async function charged(
  how: Charge,
): Promise<SimulationResult & { readonly told: Readonly<Record<Told, number>> }> {
  const told = { charged: 0, 'not charged': 0, unknown: 0 }
  const said = new Map<string, Told>()
  const result = await simulate(shopping, {
    seeds: 20,
    faults,
    load: async (world) => {
      said.clear()
      const charge = how(world)
      await world.many(CHARGES, async (n) => {
        const conclusion = await charge(`o${n}`)
        said.set(`o${n}`, conclusion)
        told[conclusion] += 1
      })
    },
    settled: {
      'nobody was charged who was told no, and nobody was told yes who was not': async ({
        sql,
      }) => {
        const rows = await sql('card')`select order_id from charged`
        const done = new Set(rows.map((row) => String(row['order_id'])))
        return [...said].every(([orderId, conclusion]) =>
          done.has(orderId) ? conclusion !== 'not charged' : conclusion !== 'charged',
        )
      },
    },
  })
  return { ...result, told }
}

test('a caller who takes silence for a no tells customers who were charged that they were not', async () => {
  const { violations } = await charged(byHand)

  assert.ok(violations.length > 0)
  assert.ok(violations[0]?.faults.every((name) => name.startsWith('one-way-partition')))
})

test('over an edge silence is "unknown", and neither "yes" nor "no" is ever wrong', async () => {
  const { violations, told } = await charged(overAnEdge)

  assert.deepEqual(violations, [])
  assert.ok(told.unknown > 0)
  assert.ok(told.charged > told.unknown)
})

test('and asked again with its key, each order is charged once, whichever direction is cut', async () => {
  const { violations, faultsFired } = await paid('pay', { seeds: 20, faults })

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['one-way-partition'] ?? 0) >= 5)
})
