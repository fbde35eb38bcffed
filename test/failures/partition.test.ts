/**
 * N4: two sides cannot talk.
 *
 * Goal: a partition delays what was accepted, and neither loses nor doubles it; and nobody waits at it
 * for longer than was declared. Method: the shop in worlds whose links are cut for up to three seconds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { declared, orders, shop } from './support/shop.ts'

const faults = ['partition'] as const

test('three tries by hand end before the partition does, and the line is lost', async () => {
  const { violations } = await shop('by hand', { seeds: 40, faults, asked: 'no line is lost' })

  assert.ok(violations.length > 0)
  assert.ok(violations.every(({ faults: fired }) => fired.length > 0))
})

test('events wait in the outbox and arrive after the heal, once, in their order', async () => {
  const { violations, faultsFired } = await shop('declared', { seeds: 20, faults })

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['partition'] ?? 0) >= 5)
})

test('a call across a cut link ends within its deadline and says that it may have happened', async () => {
  const waits: { readonly tookMs: number; readonly kind: string }[] = []
  const { violations } = await simulate(declared(), {
    seeds: 10,
    faults,
    load: async (world) => {
      const { add } = world.client(orders, { deadline: '500ms' })
      await world.many(60, async (n) => {
        const beganMs = performance.now()
        const { kind } = await add.outcome({ orderId: `o${n}`, n: 1 })
        waits.push({ tookMs: performance.now() - beganMs, kind })
      })
    },
  })

  assert.deepEqual(violations, [])
  assert.ok(waits.some(({ kind }) => kind === 'unknown'))
  assert.ok(waits.every(({ tookMs }) => tookMs <= 501))
})
