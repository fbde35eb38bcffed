import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson, checkShape, fingerprint, parseJson } from './json.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

test('J1: 64 levels are read, 65 are refused', () => {
  assert.doesNotThrow(() => parseJson(bytes(deep(64))))
  assert.throws(() => parseJson(bytes(deep(65))), /nests more than 64 levels/)
})

test('J1: a key __proto__ is refused wherever it hides', () => {
  for (const text of [
    '{"__proto__":1}',
    '[{"a":{"__proto__":{}}}]',
    String.raw`{"__proto\u005f_":1}`,
  ]) {
    assert.throws(() => parseJson(bytes(text)), /__proto__/)
  }
})

test('every JSON document that is neither deep nor hostile is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
      const text = JSON.stringify(value)
      fc.pre(!text.includes('__proto__'))

      assert.deepEqual(parseJson(bytes(text)), JSON.parse(text))
    }),
  )
})

test('J2: the canonical form does not depend on the order of keys', () => {
  const keys = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }))
  fc.assert(
    fc.property(keys, (value) => {
      const reversed = Object.fromEntries(Object.entries(value).toReversed())

      assert.equal(canonicalJson(reversed), canonicalJson(value))
    }),
  )
})

test('J2: two different values of JSON have two canonical forms', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), fc.jsonValue({ maxDepth: 3 }), (left, right) => {
      const isSame = canonicalJson(left) === canonicalJson(right)
      const parsed: unknown[] = [left, right].map((each) => JSON.parse(JSON.stringify(each)))

      assert.equal(isSame, equal(parsed[0], parsed[1]))
    }),
  )
})

function equal(left: unknown, right: unknown): boolean {
  try {
    assert.deepEqual(left, right)
    return true
  } catch {
    return false
  }
}

test('what schemas make of JSON is told apart, too', () => {
  const moments = ['a', 'b'].map((text) => ({ toJSON: () => text }))
  const values = [...moments, new Set([1]), new Set([2]), new Map([[1, 2]]), 1n, 1, {}, [], null]

  const forms = values.map(canonicalJson)

  assert.equal(new Set(forms).size, values.length)
  assert.equal(fingerprint(1).length, 32)
})

test('a million levels do not overflow the stack: nobody descends below the 64th', () => {
  let value: unknown = 1
  for (let level = 0; level < 1_000_000; level += 1) value = { value }

  assert.throws(() => checkShape(value), /nests more than 64 levels/)
})
