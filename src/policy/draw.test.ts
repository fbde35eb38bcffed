import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { spread } from './draw.ts'

test('D1: a spread time stays within its share of the time, and fills it', () => {
  const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(fc.nat({ max: 60_000 }), unit, unit, (ms, share, roll) => {
      const spreadMs = spread({ ms, share }, () => roll)

      assert.ok(spreadMs >= ms * (1 - share) - 1e-6 && spreadMs <= ms * (1 + share) + 1e-6)
    }),
  )
  assert.equal(
    spread({ ms: 100, share: 0.2 }, () => 0),
    80,
  )
  assert.ok(spread({ ms: 100, share: 0.2 }, () => 0.999) > 119)
})
