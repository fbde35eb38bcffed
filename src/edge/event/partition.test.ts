import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hash, PARTITIONS, partitionOf, slotOf } from './partition.ts'

test('the hash is FNV-1a, as its authors published it', () => {
  assert.equal(hash(''), 0x811c9dc5)
  assert.equal(hash('a'), 0xe40c292c)
  assert.equal(hash('foobar'), 0xbf9cf968)
})

test('P1: a key keeps its partition and its slot, whatever the message', () => {
  const partitions = ['1', '2', '3'].map((id) => partitionOf({ key: 'o1', id }))

  assert.equal(new Set(partitions).size, 1)
  const { space, slot } = slotOf('orders>mail', 'o1')
  assert.ok(Number.isInteger(space) && Math.abs(space) <= 2 ** 31)
  assert.ok(slot >= 0 && slot < 1_024)
})

test('messages with and without keys are spread over all partitions', () => {
  const numbers = Array.from({ length: 200 }, (_, n) => String(n))

  const keyed = new Set(numbers.map((key) => partitionOf({ key, id: 'same' })))
  const unkeyed = new Set(numbers.map((id) => partitionOf({ key: '', id })))

  assert.equal(keyed.size, PARTITIONS)
  assert.equal(unkeyed.size, PARTITIONS)
})
