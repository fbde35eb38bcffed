import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SlidingCounts } from './sliding-counts.ts'

const steps = fc.array(
  fc.record({ waitMs: fc.double({ min: 0, max: 700, noNaN: true }), column: fc.nat({ max: 2 }) }),
  { maxLength: 200 },
)

test('S1: an event counts for slices - 1 to slices times the length of a slice', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: -5_000, max: 5_000 }), (events, startMs) => {
      const counts = new SlidingCounts({ slices: 4, sliceMs: 100, columns: 3 })
      const seen: { readonly atMs: number; readonly column: number }[] = []
      let nowMs = startMs
      for (const { waitMs, column } of events) {
        nowMs += waitMs
        counts.at(nowMs).add(column)
        seen.push({ atMs: nowMs, column })
        for (const each of [0, 1, 2]) {
          const ages = seen.filter((one) => one.column === each).map((one) => nowMs - one.atMs)
          const total = counts.at(nowMs).total(each)
          assert.ok(total >= ages.filter((age) => age < 300).length)
          assert.ok(total <= ages.filter((age) => age <= 400).length)
        }
      }
    }),
  )
})

test('S1: silence expires what traffic does not', () => {
  const counts = new SlidingCounts({ slices: 10, sliceMs: 1_000, columns: 1 })
  counts.at(500).add(0)

  assert.equal(counts.at(9_999).total(0), 1)
  assert.equal(counts.at(10_000).total(0), 0)
  assert.equal(counts.at(3_600_000).total(0), 0)
})

test('S3: a clock that goes back expires nothing and revives nothing', () => {
  const counts = new SlidingCounts({ slices: 2, sliceMs: 100, columns: 1 })
  counts.at(1_000).add(0)
  counts.at(1_150).add(0)

  assert.equal(counts.at(0).total(0), 2)
  assert.equal(counts.at(1_250).total(0), 1)
  assert.equal(counts.at(1_000).total(0), 1)
})
