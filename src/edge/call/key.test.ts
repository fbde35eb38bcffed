import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '#errors'
import { derivedKey, readKey, writeKey } from './key.ts'

const visible = fc.string({
  unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCodePoint(code)),
  minLength: 1,
  maxLength: 255,
})

test('K2: every visible key survives the way over the wire', () => {
  fc.assert(fc.property(visible, (key) => assert.equal(readKey(writeKey(key)), key)))
})

test('a derived key that no header can hold is sent as something that always is the same', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (key) => {
      assert.equal(writeKey(key), writeKey(key))
      assert.doesNotThrow(() => readKey(writeKey(key)))
    }),
  )
  assert.notEqual(writeKey('jürgen'), writeKey('jörgen'))
})

test('K1: what a rule gives is checked before it becomes a row', () => {
  assert.equal(
    derivedKey(() => 'Zoë 17', {}),
    'Zoë 17',
  )
  for (const wrong of ['', 'x'.repeat(256), 'a\0b', 'a\nb', '\ud800', 7, undefined]) {
    // A rule is typed to give a string; what it gives at run time may come from anywhere.
    const rule = (): string => wrong as string

    assert.throws(
      () => derivedKey(rule, {}),
      (error) => isHoldfastError(error, 'HF_KEY_INVALID'),
    )
  }
})

test('an absent key is missing, and a broken one is invalid', () => {
  assert.throws(
    () => readKey(undefined),
    (error) => isHoldfastError(error, 'HF_KEY_MISSING'),
  )
  for (const text of ['"', '""', '"a', 'a b', '"a"b', '"a";q=1', '"a\\b"', 'ä', 'x'.repeat(256)]) {
    assert.throws(
      () => readKey(text),
      (error) => isHoldfastError(error, 'HF_KEY_INVALID'),
      text,
    )
  }
})
