import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { nodeRandom } from './node.ts'
import { randomInteger, uuid } from './random.ts'

test('a random integer is at least 0 and below its bound', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1 - 2 ** -32, noNaN: true }),
      (below, draw) => {
        const value = randomInteger({ float: () => draw, bytes: () => new Uint8Array() }, below)
        assert.ok(Number.isInteger(value) && value >= 0 && value < below)
      },
    ),
  )
})

test('an id is a UUID of version 7 whose first 48 bits are the milliseconds', () => {
  const wallMs = 1_795_000_000_123
  const id = uuid(nodeRandom, wallMs)

  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  assert.equal(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), wallMs)
})

test('ids of later milliseconds sort behind ids of earlier ones', () => {
  const earlier = uuid(nodeRandom, 1_795_000_000_123)
  const later = uuid(nodeRandom, 1_795_000_000_124)
  assert.ok(earlier < later)
})
