import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stream } from './chance.ts'
import { Queue } from './queue.ts'

test('Q1: entries come out by time, then by tie-break, then in the order of pushing', () => {
  const stream = new Stream(1, 'queue')
  const draw = (below: number): number => Math.floor(stream.float() * below)
  const entries = Array.from({ length: 2_000 }, (_, sequence) => {
    return { atUs: draw(50), tie: draw(3), sequence }
  })
  const queue = new Queue<(typeof entries)[number]>()

  for (const entry of entries) queue.push(entry)
  const popped = Array.from({ length: entries.length }, () => queue.pop())

  const sorted = entries.toSorted(
    (one, other) => one.atUs - other.atUs || one.tie - other.tie || one.sequence - other.sequence,
  )
  assert.deepEqual(popped, sorted)
  assert.equal(queue.pop(), undefined)
})
