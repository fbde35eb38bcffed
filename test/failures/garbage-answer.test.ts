/**
 * F3: the dependency answers nonsense.
 *
 * Goal: nothing that breaks the contract reaches the caller's code or its tables. Method: prices asks a
 * foreign list that answers with success and rubbish, once with `fetch` and once over an edge.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Answer, learned } from './support/prices.ts'

const good: Answer = [200, '{"cents":500}']

/** What lists of prices really answer on a bad day. */
const garbage: readonly Answer[] = [
  [200, '{"price":500}'],
  [200, '{"cents":"500"}'],
  [200, '{"cents":null}'],
  [200, '{"cents":-500}'],
  [200, '{"cents":5e400}'],
  [200, '[]'],
  [200, '{"cents":500'],
  [200, '<html>We will be back soon.</html>'],
  [200, ''],
]

test('read as it was hoped to be, an answer becomes a price that is not a number', async () => {
  const { kept } = await learned('learnByHand', [good, ...garbage])

  assert.deepEqual(kept, {
    0: '500',
    1: 'NaN',
    2: '500',
    3: '0',
    4: '-500',
    5: 'Infinity',
    6: 'NaN',
  })
})

test('over an edge every one of them is named, and none is kept', async () => {
  const { kept, heard } = await learned('learn', [good, ...garbage])

  assert.deepEqual(kept, { 0: '500' })
  assert.deepEqual(heard, ['done', ...garbage.map(() => 'unknown HF_ANSWER_INVALID')])
})

test('of two hundred answers made up by chance, only what the contract allows is kept', async () => {
  const chance = fc.oneof(
    fc.json(),
    fc.record({ cents: fc.json() }).map((each) => JSON.stringify(each)),
  )
  const bodies = [...fc.sample(chance, { numRuns: 200, seed: 1 }), '{"cents":7}']

  const { kept } = await learned(
    'learn',
    bodies.map((body) => [200, body]),
  )

  assert.deepEqual(kept, { 200: '7' })
})
