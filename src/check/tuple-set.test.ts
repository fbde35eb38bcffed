import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Budget } from './budget.ts'
import { TupleSet } from './tuple-set.ts'

const tuples = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat(), fc.constantFrom(0, 1)), {
  maxLength: 600,
})

test('T1: a tuple is new exactly once', () => {
  fc.assert(
    fc.property(tuples, (all) => {
      const set = new TupleSet(3, new Budget())
      const known = new Set<string>()
      for (const tuple of all) {
        assert.equal(set.add(Int32Array.from(tuple)), !known.has(String(tuple)))
        known.add(String(tuple))
      }
      const kept: string[] = []
      set.each((values, offset) => kept.push(String([...values.subarray(offset, offset + 3)])))
      assert.deepEqual(kept, [...known])
    }),
  )
})

test('T3: without memory nothing is added, and the budget says so', () => {
  const budget = new Budget({ bytesMax: 10_000 })
  const set = new TupleSet(2, budget)
  let added = 0

  while (set.add(Int32Array.of(added, 0))) added++

  assert.equal(budget.exhausted, 'bytes')
  assert.equal(set.size, added)
  assert.ok(added >= 256 && added <= 10_000 / 8, `${added} tuples were added`)
})

test('memory that is given back can be used by another set', () => {
  const budget = new Budget({ bytesMax: 5_000 })
  for (let round = 0; round < 20; round++) {
    const set = new TupleSet(2, budget)
    for (let index = 0; index < 100; index++) assert.ok(set.add(Int32Array.of(index, round)))
    set.clear()
  }
})
