import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { corrupted } from './corruption.ts'

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('B1: whatever was answered, what arrives is no JSON, in each of the three ways', () => {
  fc.assert(
    fc.property(fc.jsonValue(), share, (value, at) => {
      const body = new TextEncoder().encode(JSON.stringify(value))

      const arrived = corrupted({ status: 200, headers: {}, body }, at)

      assert.throws(() => JSON.parse(new TextDecoder().decode(arrived.body)))
    }),
  )
})

test('B1: where there is nothing to spoil, a proxy answers in the place of the callee', () => {
  fc.assert(
    fc.property(share, (at) => {
      const { status } = corrupted({ status: 204, headers: {}, body: new Uint8Array() }, at)

      assert.equal(status, 502)
    }),
  )
})
