import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract, query, service, sql, type Schema } from '#model'
import { router } from './route.ts'

const any: Schema = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
}
const shop = contract('shop', {
  item: query({ input: any, output: any, http: { route: 'GET /items/:id' } }),
  newest: query({ input: any, output: any, http: { route: 'GET /items/newest' } }),
  part: query({ input: any, output: any, http: { route: 'GET /items/:id/parts/:part' } }),
})
const answers = { item: () => 1, newest: () => 1, part: () => 1 }
const find = router(
  service(shop, sql({ migrations: new URL('file:///nowhere/') }), { handle: answers }),
)

/** The operation and the parameters, or the kind of what was found. */
function found(method: string, path: string): unknown {
  const route = find(method, path)
  return route.kind === 'operation' ? [route.asked.name, route.params] : route.kind
}

test('each operation has its own door', () => {
  assert.deepEqual(found('POST', '/shop/item'), ['item', {}])
  assert.deepEqual(found('POST', '/shop/item?x=/shop/newest'), ['item', {}])
})

test('a declared route gives its parameters', () => {
  assert.deepEqual(found('GET', '/items/7'), ['item', { id: '7' }])
  assert.deepEqual(found('GET', '/items/7/parts/8?all'), ['part', { id: '7', part: '8' }])
})

test('R1: a literal segment wins over a parameter', () => {
  assert.deepEqual(found('GET', '/items/newest'), ['newest', {}])
})

test('what is nobody, is nobody', () => {
  for (const path of [
    '/',
    '',
    '/shop',
    '/shop/',
    '/shop/item/',
    '//shop/item',
    '/items/',
    '/SHOP/item',
  ]) {
    assert.equal(found('POST', path), 'unknown', path)
  }
})

test('another method is told from another path', () => {
  assert.deepEqual(find('GET', '/shop/item'), { kind: 'other method', allow: 'POST' })
  assert.equal(found('GET', '/holdfast/events'), 'other method')
  assert.equal(found('POST', '/holdfast/events'), 'events')
})
