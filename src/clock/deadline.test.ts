import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Clock } from '#world'
import { Deadline } from './deadline.ts'

function clockAt(start: number): Clock & { nowMs: number } {
  return {
    nowMs: start,
    monotonicMs() {
      return this.nowMs
    },
    wallMs: () => Number.NaN,
  }
}

test('a deadline counts down on the monotonic clock and stops at zero', () => {
  const clock = clockAt(1_000)
  const deadline = Deadline.in(clock, 500)

  clock.nowMs = 1_400

  assert.equal(deadline.remainingMs(), 100)
  assert.equal(deadline.hasPassed(), false)
  clock.nowMs = 1_700
  assert.equal(deadline.remainingMs(), 0)
  assert.equal(deadline.hasPassed(), true)
})

test('D1: a derived deadline is never later than the one it came from', () => {
  const ms = fc.integer({ min: 0, max: 100_000 })
  fc.assert(
    fc.property(ms, ms, ms, (outer, own, margin) => {
      const clock = clockAt(7)
      const parent = Deadline.in(clock, outer)
      assert.ok(parent.within(own, margin).remainingMs() <= parent.remainingMs())
    }),
  )
})
