import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chance, Stream } from './chance.ts'

test('R1: a decision depends on its seed, its name and its ordinal, and on nothing that came before', () => {
  const first = chance(7, 'loss orders>payments', 4)
  for (let ordinal = 0; ordinal < 100; ordinal += 1) chance(7, 'something else', ordinal)

  assert.equal(chance(7, 'loss orders>payments', 4), first)
  assert.notEqual(chance(8, 'loss orders>payments', 4), first)
  assert.notEqual(chance(7, 'loss payments>orders', 4), first)
  assert.notEqual(chance(7, 'loss orders>payments', 5), first)
})

test('decisions are spread evenly over [0, 1), by seed and by ordinal', () => {
  const all = [
    ...tenths((index) => chance(index, 'a')),
    ...tenths((index) => chance(1, 'a', index)),
  ]

  // 1,000 are expected in each; a deviation over 150 is five standard deviations.
  assert.ok(
    all.every((count) => Math.abs(count - 1_000) < 150),
    String(all),
  )
})

test('a stream is the same for the same seed and name, and another for another', () => {
  assert.equal(draw(1, 'orders#1'), draw(1, 'orders#1'))
  assert.notEqual(draw(1, 'orders#1'), draw(1, 'orders#2'))
  assert.notEqual(draw(1, 'orders#1'), draw(2, 'orders#1'))
})

/** How many of 10,000 decisions fall into each tenth. */
function tenths(at: (index: number) => number): number[] {
  const counts = Array.from({ length: 10 }, () => 0)
  for (let index = 0; index < 10_000; index += 1) {
    const tenth = Math.floor(at(index) * 10)
    counts[tenth] = (counts[tenth] ?? 0) + 1
  }
  return counts
}

function draw(seed: number, name: string): string {
  return Buffer.from(new Stream(seed, name).bytes(16)).toString('hex')
}
