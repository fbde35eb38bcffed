/**
 * O4: one instance is hot while the others idle.
 *
 * Goal: an instance that is slow, or that fails quickly, gets less of the traffic, not its share or more.
 * Method: the balancer of the edge among servers that are modelled, beside round robin, in one time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { balanced, inTurn, shareOfFailing, withinASecond } from '../papers/endpoints.ts'

test('in turn, an instance that hangs keeps its share, and every caller of it waits', () => {
  assert.ok(withinASecond(inTurn()) < 96)
})

test('the better of two by observed latency leaves it alone: 99.6 % are answered within a second', () => {
  assert.ok(withinASecond(balanced) > 99.6)
})

test('an instance that fails in half a millisecond looks fast, and attracts traffic', () => {
  assert.ok(shareOfFailing(0, balanced) > 12)
})

test('a failure counts as a slow answer, so that what fails gets next to nothing', () => {
  assert.ok(shareOfFailing(5_000, balanced) < 0.1)
})
