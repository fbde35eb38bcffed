import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchRoute } from './route.ts'

test('a parameter takes one segment, and leaves decoding it to whoever reads it', () => {
  assert.deepEqual(matchRoute('GET /orders/:orderId', '/orders/a%2Fb'), { orderId: 'a%2Fb' })
})

test('another length, another word or an empty segment do not match', () => {
  for (const path of ['/orders', '/orders/1/2', '/order/1', '/orders/']) {
    assert.equal(matchRoute('GET /orders/:orderId', path), undefined)
  }
})
