import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeMeanings } from './outcome-class.ts'

const meanings = Object.entries(outcomeMeanings)

test('O1: only what did not act is repeated without a key', () => {
  for (const [name, { acted, repeat }] of meanings) {
    if (repeat === 'always') assert.equal(acted, 'no', name)
    if (repeat === 'same-effect') assert.equal(acted, 'unknown', name)
  }
})

test('O2: what happened on this side of the wire is held against nobody', () => {
  for (const name of ['local', 'cancelled', 'client'] as const) {
    assert.equal(outcomeMeanings[name].circuit, 'ignored')
    assert.notEqual(outcomeMeanings[name].endpoint, 'failure')
    assert.equal(outcomeMeanings[name].repeat, 'never')
  }
})

test('a declared no is the answer of a callee that works', () => {
  assert.equal(outcomeMeanings.refused.circuit, 'success')
  assert.equal(outcomeMeanings.refused.endpoint, 'success')
})
