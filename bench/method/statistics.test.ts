import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ahead, exponent, median, quantile, spread } from './statistics.ts'

test('the median is the middle value, or the mean of the two middle ones', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([9, 1, 5, 7]), 6)
  assert.ok(Number.isNaN(median([])))
})

test('a quantile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, index) => index + 1)

  assert.equal(quantile(values, 0.99), 100)
  assert.equal(quantile(values, 0.5), 51)
  assert.equal(quantile([7], 0.99), 7)
})

test('one bad round is not a spread', () => {
  const calm = spread([100, 101, 99, 100, 102])
  const withOutlier = spread([100, 101, 99, 100, 900])

  assert.ok(calm < 0.02, `${calm}`)
  assert.ok(withOutlier < 0.02, `${withOutlier}`)
  assert.ok(spread([50, 100, 150, 60, 140]) > 0.3)
})

test('S1: a ratio above 1 means ahead, for times and for rates', () => {
  assert.equal(ahead([10, 10], [20, 20], 'less'), 2)
  assert.equal(ahead([10, 10], [20, 20], 'more'), 0.5)
})

test('what fell below nothing has no ratio', () => {
  assert.ok(Number.isNaN(ahead([-1, 2], [-3, -4], 'less')))
  assert.equal(ahead([-1, 2, 2], [3, 4, 4], 'less'), 2)
})

test('S2: a machine that slows down for everybody leaves the ratio as it is', () => {
  const subject = [10, 10, 40, 80, 20]
  const reference = subject.map((value) => value * 3)

  assert.equal(ahead(subject, reference, 'less'), 3)
})

test('S2: a ratio is taken in each round, because medians of all rounds may come from different ones', () => {
  const subject = [10, 40, 10]
  const reference = [20, 80, 80]

  assert.equal(median(reference) / median(subject), 8)
  assert.equal(ahead(subject, reference, 'less'), 2)
})

test('an exponent is 0 for what stays flat, 1 for what grows in proportion, whatever one point does', () => {
  assert.equal(exponent(points(() => 7)).toFixed(6), '0.000000')
  assert.equal(exponent(points((size) => 3 * size)).toFixed(6), '1.000000')
  assert.equal(exponent(points((size) => 3 * Math.sqrt(size))).toFixed(6), '0.500000')
  assert.ok(
    exponent([
      [10, 7],
      [100, 9],
      [1_000, 7],
    ]) < 0.01,
  )
})

function points(cost: (size: number) => number): readonly (readonly [number, number])[] {
  return [10, 100, 1_000].map((size) => [size, cost(size)] as const)
}
