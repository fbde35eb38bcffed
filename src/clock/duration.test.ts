import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { type Duration, durationMs } from './duration.ts'

test('a duration is its number times its unit', () => {
  assert.equal(durationMs('800ms'), 800)
  assert.equal(durationMs('1.5s'), 1_500)
  assert.equal(durationMs('10m'), 600_000)
  assert.equal(durationMs('24h'), 86_400_000)
  assert.equal(durationMs('7d'), 604_800_000)
})

test('what is not a duration between 0 and 30 days is refused by name', () => {
  // The compiler lets some of these through: its template type knows "number", not "positive".
  const wrong: readonly Duration[] = [
    '0s',
    '-1s',
    '31d',
    '1e3ms',
    'Infinityms' as Duration,
    's' as Duration,
  ]
  for (const duration of wrong) {
    assert.throws(
      () => durationMs(duration),
      (error) =>
        isHoldfastError(error, 'HF_DECLARATION_INVALID') && error.detail.includes(duration),
    )
  }
})
