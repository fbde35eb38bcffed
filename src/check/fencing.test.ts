import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkFencing, type FencingEntry } from './fencing.ts'

function entry(
  what: FencingEntry['what'],
  holder: string,
  token: bigint,
  resource = 'relay',
): FencingEntry {
  return { what, resource, holder, token }
}

test('F1: a write under an old token after a newer one was granted is found', () => {
  const history = [
    entry('granted', 'a', 1n),
    entry('accepted', 'a', 1n),
    entry('granted', 'b', 2n),
    entry('accepted', 'a', 1n),
  ]

  assert.deepEqual(checkFencing(history).findings, [
    {
      rule: 'old-token',
      words: 'relay: accepted token 1 of a after token 2 of b',
      entries: [2, 3],
    },
  ])
})

test('F1: an old token that is refused, or used on another resource, breaks nothing', () => {
  const newer = [entry('granted', 'a', 1n), entry('accepted', 'b', 2n)]

  assert.equal(checkFencing([...newer, entry('refused', 'a', 1n)]).verdict, 'kept')
  assert.equal(checkFencing([...newer, entry('accepted', 'a', 1n, 'other')]).verdict, 'kept')
})

test('F1: a refused token raises nothing', () => {
  const history = [entry('granted', 'a', 1n), entry('refused', 'b', 9n), entry('accepted', 'a', 1n)]

  assert.equal(checkFencing(history).verdict, 'kept')
})

test('F2: two holders with one token are found', () => {
  const { findings } = checkFencing([entry('granted', 'a', 7n), entry('accepted', 'b', 7n)])

  assert.deepEqual(findings, [
    { rule: 'shared-token', words: 'relay: token 7 is used by a and by b', entries: [0, 1] },
  ])
})

test('F1: a fence that compares keeps its promise, and one that does not breaks it', () => {
  const tries = fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 40 })
  fc.assert(
    fc.property(tries, (tokens) => {
      const highest = (count: number): number => Math.max(0, ...tokens.slice(0, count))
      const fenced = tokens.map((token, index) =>
        entry(token < highest(index) ? 'refused' : 'accepted', `h${token}`, BigInt(token)),
      )
      const open = tokens.map((token) => entry('accepted', `h${token}`, BigInt(token)))
      const isSorted = tokens.every((token, index) => token >= highest(index))

      assert.equal(checkFencing(fenced).verdict, 'kept')
      assert.equal(checkFencing(open).verdict, isSorted ? 'kept' : 'broken')
    }),
  )
})
