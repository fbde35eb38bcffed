import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { attemptsThatFit } from './attempts.ts'
import type { ArrowPolicy } from './policy.ts'

function policy(deadlineMs: number, attemptsMax: number): ArrowPolicy {
  return {
    deadlineMs,
    attemptsMax,
    hasFallback: false,
    budgetRatio: undefined,
    isStamped: false,
  }
}

test('two seconds have room for two attempts that are waited for, and for three that fail at once', () => {
  assert.deepEqual(attemptsThatFit(policy(2_000, 3)), { slow: 2, fast: 3 })
})

test('five attempts in 100 ms are a wish: the waits alone take 50, 100, 200 and 400 ms', () => {
  assert.deepEqual(attemptsThatFit(policy(100, 5)), { slow: 1, fast: 2 })
  assert.deepEqual(attemptsThatFit(policy(751, 5)), { slow: 2, fast: 5 })
  assert.deepEqual(attemptsThatFit(policy(750, 5)), { slow: 2, fast: 4 })
})

test('F1, F3: 1 ≤ slow ≤ fast ≤ attemptsMax, and slow never exceeds 2', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 60_000 }),
      fc.integer({ min: 1, max: 5 }),
      (deadlineMs, attemptsMax) => {
        const { slow, fast } = attemptsThatFit(policy(deadlineMs, attemptsMax))

        assert.ok(1 <= slow && slow <= fast && fast <= attemptsMax && slow <= 2)
      },
    ),
  )
})
