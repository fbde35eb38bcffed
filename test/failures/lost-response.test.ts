/**
 * N2: the work is done, but the answer is lost; the retry does it again, and a card is charged twice.
 *
 * Goal: whoever asks again after a lost answer gets the first answer, and nothing happens again.
 * Method: a till charges cards in worlds that lose answers after the commit; the two ways to pay differ
 * in one word, the `key` in the contract of the card service.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paid } from './support/till.ts'

const faults = ['lost-answer'] as const

test('a command without a key that is called again after a lost answer charges the card twice', async () => {
  const { violations } = await paid('paySwiping', { seeds: 10, faults })

  assert.ok(violations.length > 0)
  assert.ok(violations[0]?.faults.some((name) => name.startsWith('lost-answer:till>card')))
})

test('without lost answers the same loop charges each card once, and the bug stays hidden', async () => {
  const { violations } = await paid('paySwiping', { seeds: 3, faults: [] })

  assert.deepEqual(violations, [])
})

test('with a key, a lost answer charges each card once, and every order is paid', async () => {
  const { violations, faultsFired } = await paid('pay', { seeds: 20, faults })

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['lost-answer'] ?? 0) >= 5)
})

test('nor does it when messages are also lost, doubled and late, and processes die', async () => {
  const { violations, faultsFired } = await paid('pay', {
    seeds: 20,
    faults: ['lost-answer', 'loss', 'duplicate', 'delay', 'crash', 'partition', 'connection-lost'],
  })

  assert.deepEqual(violations, [])
  assert.ok(Object.keys(faultsFired).length >= 5, JSON.stringify(faultsFired))
})
