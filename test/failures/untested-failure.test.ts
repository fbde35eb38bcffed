/**
 * Q1: failure handling is run for the first time in production.
 *
 * Goal: code that fails only when the world does is found before. Method: a bug that no ordinary test
 * shows, however often it is run, and the same services, with their real SQL, in hostile worlds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { paid } from './support/till.ts'

test('an ordinary test of the bug is green, a hundred orders long', async () => {
  const { violations, faultsFired } = await paid('paySwiping', { seeds: 5, faults: [] })

  assert.deepEqual(violations, [])
  assert.deepEqual(faultsFired, {})
})

test('the simulation finds it with lost answers, copies or crashes alone, and names them', async () => {
  for (const fault of ['lost-answer', 'duplicate', 'crash'] as const) {
    const { violations } = await paid('paySwiping', { seeds: 10, faults: [fault] })

    const [found] = violations
    assert.equal(found?.check, 'each order is charged once', fault)
    assert.ok(found.faults.some((name) => name.startsWith(`${fault}:`)))
  }
})

test('without the bug the same worlds find nothing', async () => {
  const faults = ['lost-answer', 'duplicate', 'crash'] as const
  const { violations, faultsFired } = await paid('pay', { seeds: 10, faults })

  assert.deepEqual(violations, [])
  for (const fault of faults) assert.ok((faultsFired[fault] ?? 0) > 0, fault)
})
