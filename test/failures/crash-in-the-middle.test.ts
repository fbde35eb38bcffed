/**
 * F5: the process dies between the row and the message.
 *
 * Goal: what orders has accepted reaches the warehouse, whenever a process dies. Method: the shop in
 * worlds where processes die, some of them at the very moment of a commit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from './support/shop.ts'

const faults = ['crash'] as const

test('told after the commit, a line is lost with the process that was to tell of it', async () => {
  const { violations } = await shop('by hand', { seeds: 20, faults, asked: 'no line is lost' })

  assert.ok(violations.length > 0)
  assert.ok(violations[0]?.faults.some((name) => name.startsWith('crash:')))
})

test('committed with its event, no accepted line is lost, doubled or out of order', async () => {
  const { violations, faultsFired } = await shop('declared', { seeds: 20, faults })

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['crash'] ?? 0) >= 5)
})
