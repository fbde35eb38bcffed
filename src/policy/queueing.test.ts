/**
 * The simulator in which the policies are measured, itself tested. Other tests of this folder import
 * it from here.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Queueing } from '../../test/support/queueing.ts'

export { percentile, Queueing, seeded } from '../../test/support/queueing.ts'

test('events run in order of time, and those of one moment in the order of planning', () => {
  const queueing = new Queueing(1)
  const ran: number[] = []
  const delays = Array.from({ length: 500 }, () => Math.floor(queueing.draw() * 50))
  for (const [index, delayMs] of delays.entries())
    queueing.after(delayMs, () => ran.push(delayMs * 1_000 + index))

  queueing.runUntil(100)

  assert.equal(ran.length, 500)
  assert.deepEqual(
    ran,
    ran.toSorted((one, other) => one - other),
  )
})
