import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Fact } from '#observe'
import { planned } from '../../test/support/map-systems.ts'
import { ghostWatch } from './ghost-watch.ts'

const system = planned({ web: { calls: { orders: {} } }, orders: {}, mail: { hears: ['orders'] } })

function told(facts: readonly Fact[]): readonly string[] {
  const names: string[] = []
  const watch = ghostWatch(system, ({ name }) => names.push(name))
  for (const each of facts) watch(each)
  return names
}

function called(edge: string): Fact {
  const [service = ''] = edge.split('>')
  const code = 'HF_CALL_UNDECLARED'
  const ended = 'unsent'
  return { fact: 'called', service, edge, ended, code, attempts: 0, tookMs: 0, traceId: '0' }
}

function served(caller: string): Fact {
  return {
    fact: 'served',
    service: 'orders',
    operation: 'orders.ask',
    caller,
    status: 200,
    code: undefined,
    replayed: false,
    tookMs: 1,
    traceId: '0',
  }
}

test('a call over an edge that nobody declared is told once, however often it is made', () => {
  assert.deepEqual(told([called('orders>bank.pay'), called('orders>bank.pay')]), [
    'orders>bank.pay',
  ])
})

test('what caller and callee both tell of is one ghost', () => {
  assert.deepEqual(told([called('mail>orders.ask'), served('mail')]), ['mail>orders.ask'])
})

test('what is declared, and who asks from outside, is nothing to tell of', () => {
  assert.deepEqual(told([called('web>orders.ask'), served('web'), served('anonymous')]), [])
})
