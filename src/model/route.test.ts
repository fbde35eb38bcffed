import assert from 'node:assert/strict'
import { test } from 'node:test'
import { matchRoute } from './route.ts'

test('a parameter takes one decoded segment', () => {
  assert.deepEqual(matchRoute('GET /orders/:orderId', '/orders/a%2Fb'), { orderId: 'a/b' })
})

test('another length, another word, an empty or malformed segment do not match', () => {
  for (const path of ['/orders', '/orders/1/2', '/order/1', '/orders/', '/orders/%E0%A4%A']) {
    assert.equal(matchRoute('GET /orders/:orderId', path), undefined)
  }
})
