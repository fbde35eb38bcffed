import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inFlight, stabilityMargin } from './capacity.ts'
import { tailShare } from './tail.ts'
import { countText, durationText, listText, shareText } from './units.ts'

test('durations have their unit', () => {
  assert.deepEqual([0, 800, 2_000, 6_150, 90_000, Infinity].map(durationText), [
    '0 ms',
    '800 ms',
    '2 s',
    '6.15 s',
    '1.5 min',
    'without bound',
  ])
})

test('counts are short, and unbounded ones are called so', () => {
  assert.deepEqual([1, 2.662, 27, 243.4, 1e9, Infinity].map(countText), [
    '1',
    '2.66',
    '27',
    '243',
    '1.0e+9',
    'unbounded',
  ])
})

test('U1: a share is rounded down and keeps its nines', () => {
  assert.deepEqual([1, 0.999, 0.998001, 0.99999, 0.5].map(shareText), [
    '100 %',
    '99.90 %',
    '99.80 %',
    '99.999 %',
    '50.00 %',
  ])
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
      assert.ok(Number.parseFloat(shareText(share)) <= share * 100 + 1e-6)
    }),
  )
})

test('a long list says how many more there are', () => {
  assert.equal(listText(['a', 'b', 'c'], ', ', 2), 'a, b, 1 more')
  assert.equal(listText(['a', 'b'], ' x '), 'a x b')
})

test('a hundred calls make one request in two meet the slowest of a hundred', () => {
  assert.equal(tailShare(1).toFixed(4), '0.0100')
  assert.equal(tailShare(100).toFixed(3), '0.634')
})

test("by Little's law 200 calls a second that take 300 ms are 60 in the air", () => {
  assert.equal(inFlight({ ratePerSecond: 200, holdMs: 300 }), 60)
  assert.equal(stabilityMargin({ capacityPerSecond: 900, worstPerSecond: 900 }), 1)
})
