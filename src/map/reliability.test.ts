import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { at } from './at.ts'
import { type Part, reliabilityOf, SHARED_MAX } from './reliability.ts'

const up = (availability: number): Part => ({ availability, needs: [] })
const needs = (...all: readonly (readonly number[])[]): Part => ({ availability: 1, needs: all })

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual} is not ${expected}`)
}

test('five services in a row at 99.9 % are up 99.501 % of the time', () => {
  const parts = [needs([1], [2], [3], [4], [5]), ...Array.from({ length: 5 }, () => up(0.999))]

  near(reliabilityOf(parts, 0).low, 0.999 ** 5)
})

test('a database that two services share is counted once', () => {
  // The root needs left and right, and both need the database.
  const parts = [needs([1], [2]), needs([3], [5]), needs([4], [5]), up(0.99), up(0.99), up(0.9)]
  const naive = 0.99 * 0.9 * (0.99 * 0.9)

  const { low, high, certain } = reliabilityOf(parts, 0)

  near(low, 0.99 * 0.99 * 0.9)
  assert.equal(low, high)
  assert.ok(naive < low - 0.05)
  assert.deepEqual(new Set(certain), new Set([0, 1, 2, 3, 4, 5]))
})

test('two ways that share a database are not two databases', () => {
  // Either left or right answers, and both need the database at 90 %.
  const parts = [needs([1, 2]), needs([3], [5]), needs([4], [5]), up(0.99), up(0.99), up(0.9)]
  const naive = 1 - (1 - 0.99 * 0.9) ** 2

  const { low } = reliabilityOf(parts, 0)

  near(low, 0.9 * (1 - 0.01 ** 2))
  assert.ok(naive > low + 0.05)
})

/** Parts that need only later ones, with choices of up to three. */
const systems = fc.integer({ min: 2, max: 9 }).chain((count) =>
  fc.tuple(
    ...Array.from({ length: count }, (_, index) =>
      fc.record({
        availability: fc.double({ min: 0, max: 1, noNaN: true }),
        needs:
          index === count - 1
            ? fc.constant([])
            : fc.array(
                fc.array(fc.integer({ min: index + 1, max: count - 1 }), {
                  minLength: 1,
                  maxLength: 3,
                }),
                { maxLength: 3 },
              ),
      }),
    ),
  ),
)

/** All 2ⁿ states, one by one. */
function enumerated(parts: readonly Part[]): number {
  let sum = 0
  for (let state = 0; state < 2 ** parts.length; state += 1) {
    const isUp = (index: number): boolean => ((state >> index) & 1) === 1
    const works = (index: number): boolean =>
      isUp(index) && at(parts, index).needs.every((need) => need.some(works))
    const chance = parts.reduce(
      (product, { availability }, index) =>
        product * (isUp(index) ? availability : 1 - availability),
      1,
    )
    if (works(0)) sum += chance
  }
  return sum
}

test('R1: the result is what all states, one by one, add up to', () => {
  fc.assert(
    fc.property(systems, (parts) => {
      const { low, high } = reliabilityOf(parts, 0)

      near(low, enumerated(parts))
      assert.equal(low, high)
    }),
    { numRuns: 300 },
  )
})

test('what is certain stops the whole by stopping', () => {
  fc.assert(
    fc.property(systems, (parts) => {
      for (const each of reliabilityOf(parts, 0).certain)
        assert.equal(
          reliabilityOf(parts.with(each, { ...at(parts, each), availability: 0 }), 0).high,
          0,
        )
    }),
    { numRuns: 100 },
  )
})

test('R3: a better part never makes the whole worse', () => {
  fc.assert(
    fc.property(systems, fc.nat(), (parts, which) => {
      const index = which % parts.length
      const better = parts.with(index, { ...at(parts, index), availability: 1 })

      assert.ok(reliabilityOf(better, 0).low >= reliabilityOf(parts, 0).low - 1e-12)
    }),
    { numRuns: 100 },
  )
})

/** A ladder: of each two neighbours among `count` parts one must be up. */
function ladder(count: number): readonly Part[] {
  const choices = Array.from({ length: count - 1 }, (_, index) => [1 + index, 2 + index])
  return [needs(...choices), ...Array.from({ length: count }, () => up(0.9))]
}

/** The chance that no two neighbours are down, rung by rung. */
function ladderChance(count: number): number {
  let [lastUp, lastDown] = [0.9, 0.1]
  for (let rung = 1; rung < count; rung += 1) {
    const sum = lastUp + lastDown
    lastDown = lastUp * 0.1
    lastUp = sum * 0.9
  }
  return lastUp + lastDown
}

test('R1: 20 parts that are tangled are worked out exactly', () => {
  // The two at the ends of the ladder are needed once, so they are not shared.
  const { low, high } = reliabilityOf(ladder(SHARED_MAX + 2), 0)

  near(low, ladderChance(SHARED_MAX + 2))
  assert.equal(low, high)
})

test('R1: choices that have nothing in common may be many', () => {
  const root = needs(...Array.from({ length: 40 }, (_, index) => [1 + 2 * index, 2 + 2 * index]))
  const { low, high } = reliabilityOf([root, ...Array.from({ length: 80 }, () => up(0.9))], 0)

  near(low, 0.99 ** 40)
  assert.equal(low, high)
})

test('R2: beyond that the interval holds the true value, for about 95 of 100 seeds', () => {
  const parts = ladder(SHARED_MAX + 5)
  const truth = ladderChance(SHARED_MAX + 5)

  const hits = Array.from({ length: 20 }, (_, seed) => reliabilityOf(parts, 0, seed)).filter(
    ({ low, high }) => low <= truth && truth <= high && low < high && high - low < 0.02,
  )

  assert.ok(hits.length >= 17, `${hits.length} of 20 intervals hold ${truth}`)
  assert.deepEqual(reliabilityOf(parts, 0, 7), reliabilityOf(parts, 0, 7))
})
