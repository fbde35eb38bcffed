/**
 * N6: a message arrives twice, or late, or in another order.
 *
 * Goal: neither shows in what the receiver commits. Method: the shop in worlds whose network sends
 * copies, holds messages back for up to two seconds, and loses answers, so that senders send again.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from './support/shop.ts'

test('a copy that the network made is packed like the original', async () => {
  const faults = ['duplicate'] as const
  const { violations } = await shop('by hand', {
    seeds: 10,
    faults,
    asked: 'no line is packed twice',
  })

  assert.ok(violations.length > 0)
  assert.ok(violations[0]?.faults.some((name) => name.startsWith('duplicate:orders>warehouse')))
})

test('a message that was held up is overtaken by the one after it', async () => {
  const { violations } = await shop('by hand', {
    seeds: 20,
    faults: ['delay'],
    asked: 'the lines of an order are packed in their order',
  })

  assert.ok(violations.length > 0)
  assert.ok(violations[0]?.faults.some((name) => name.startsWith('delay:orders>warehouse')))
})

test('over an event edge each line is packed once and in its order', async () => {
  const faults = ['duplicate', 'delay', 'lost-answer'] as const
  const { violations, faultsFired } = await shop('declared', { seeds: 25, faults })

  assert.deepEqual(violations, [])
  for (const fault of faults) assert.ok((faultsFired[fault] ?? 0) >= 3, fault)
})
