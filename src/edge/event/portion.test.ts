import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Portion } from './portion.ts'

test('N1: a portion never becomes empty, and never more than a hundred', () => {
  const portion = new Portion()

  for (let times = 0; times < 20; times += 1) portion.failed()
  const smallest = portion.size
  for (let times = 0; times < 20; times += 1) portion.succeeded(1)

  assert.deepEqual([smallest, portion.size], [1, 100])
})

test('N2: what took too long is sent in smaller portions, though it succeeded', () => {
  const portion = new Portion()

  portion.succeeded(501)
  const slow = portion.size
  portion.succeeded(500)

  assert.deepEqual([slow, portion.size], [50, 100])
})
