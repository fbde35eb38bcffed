/**
 * C2: the row is written and the message is lost, or the other way round.
 *
 * Goal: a line is in the table of orders if and only if the warehouse packs it. Method: customers who
 * ask once and then go away, in worlds where processes die and connections to the database break.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { System } from 'holdfast'
import { type Look, simulate, type SimulationResult } from 'holdfast/sim'
import { emitting, sending } from './support/dual-write.ts'
import { shop } from './support/shop.ts'

const LINES = 30

async function askedOnce(system: System, seeds: number): Promise<SimulationResult> {
  return simulate(system, {
    seeds,
    faults: ['crash', 'connection-lost'],
    load: async (world) =>
      world.many(LINES, async (n) => {
        const body = { orderId: `o${n}`, n: 1 }
        await world.request('orders', { method: 'POST', path: '/orders/add', body, deadline: '2s' })
      }),
    settled: {
      'every line that is packed was ordered': async (look) => {
        const { packed, ordered } = await both(look)
        assert.deepEqual(
          packed.filter((line) => !ordered.includes(line)),
          [],
        )
      },
      'every line that was ordered is packed': async (look) => {
        const { packed, ordered } = await both(look)
        assert.deepEqual(
          ordered.filter((line) => !packed.includes(line)),
          [],
        )
      },
    },
  })
}

async function both({ sql }: Look): Promise<Record<'packed' | 'ordered', readonly unknown[]>> {
  const packed = await sql('warehouse')`select order_id from packed`
  const ordered = await sql('orders')`select order_id from line`
  return {
    packed: packed.map((row) => row['order_id']),
    ordered: ordered.map((row) => row['order_id']),
  }
}

test('sent before the commit, a message tells of a line that was never ordered', async () => {
  const { violations } = await askedOnce(sending, 10)

  assert.ok(violations.some(({ check }) => check === 'every line that is packed was ordered'))
})

test('sent after the commit, the message of a line that was ordered is never sent', async () => {
  const options = { seeds: 20, faults: ['crash'], asked: 'no line is lost' } as const
  const { violations } = await shop('by hand', options)

  assert.ok(violations.length > 0)
})

test('in the outbox of one transaction, message and line are both there or neither is', async () => {
  const { violations, faultsFired } = await askedOnce(emitting, 20)

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['connection-lost'] ?? 0) >= 5)
  assert.ok((faultsFired['crash'] ?? 0) >= 3)
})
