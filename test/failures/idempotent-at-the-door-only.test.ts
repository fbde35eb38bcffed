/**
 * C8: the entry point is idempotent, the step behind it is not.
 *
 * Goal: a customer who repeats a keyed command after the till died halfway is charged once. Method: both
 * ways to pay have a key at the door of the till; one of them has a key at the card service, too. The
 * till dies between the charge and its own commit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paid } from './support/till.ts'

const faults = ['crash', 'connection-lost'] as const

test('a key at the door does not help the step behind it: the repeated order is charged twice', async () => {
  const { violations } = await paid('paySwiping', { seeds: 10, faults })

  assert.ok(violations.length > 0)
})

test('keyed at each step, a till that dies halfway charges each card once', async () => {
  const { violations, faultsFired } = await paid('pay', { seeds: 20, faults })

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['crash'] ?? 0) >= 5)
})
