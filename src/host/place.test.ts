import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf } from './place.ts'

test('an origin, or several with commas, is a place', () => {
  assert.deepEqual(placeOf('http://a:8080'), { kind: 'origins', origins: ['http://a:8080'] })
  assert.deepEqual(placeOf('http://a:8080, https://b'), {
    kind: 'origins',
    origins: ['http://a:8080', 'https://b'],
  })
})

test('so is a name that a directory knows', () => {
  assert.deepEqual(placeOf('dns+http://payments.internal:8080'), {
    kind: 'dns',
    host: 'payments.internal',
    port: 8080,
  })
  assert.deepEqual(placeOf('dns+http://payments.internal'), {
    kind: 'dns',
    host: 'payments.internal',
    port: 80,
  })
  assert.deepEqual(placeOf('srv+http://_payments._tcp.internal'), {
    kind: 'srv',
    name: '_payments._tcp.internal',
  })
  assert.deepEqual(placeOf('registry'), { kind: 'registry' })
})

for (const text of [
  'example.org',
  'http://a/path',
  'ftp://a',
  'http://a,',
  'dns+https://a',
  'srv+http://a:8080',
  Array.from({ length: 33 }, (_, n) => `http://a${n}`).join(','),
])
  test(`'${text.slice(0, 30)}' is no place`, () => {
    assert.equal(placeOf(text), undefined)
  })
