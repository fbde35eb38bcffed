import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { command, contract, edge, query } from '#model'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { addressOf } from './address.ts'
import type { Arrow } from './arrow.ts'

const provider = contract('provider', {
  charge: command({
    input: z.object({ account: z.string(), cents: z.int() }),
    key: (charge) => charge.account,
    http: { route: 'POST /accounts/:account/charges' },
  }),
  list: query({
    input: z.object({ account: z.string(), limit: z.int() }),
    output: z.object({}),
    http: { route: 'GET /accounts/:account/charges' },
  }),
})
const money = edge(provider, { deadline: '1s' })

function arrow(
  reference: Arrow['reference'],
  isForeign: boolean,
): Pick<Arrow, 'caller' | 'reference'> {
  const network = { send: () => assert.fail('unused'), listen: () => assert.fail('unused') }
  const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom, network }
  return {
    caller: {
      name: 'orders',
      world,
      resolve: (target) => target,
      observe: () => undefined,
      declares: () => true,
      isForeign: () => isForeign,
    },
    reference,
  }
}

test('A1: a foreign command has the fields of its path in the path and the rest in the body', () => {
  assert.deepEqual(addressOf(arrow(money.charge, true), { account: 'a/b', cents: 5 }), {
    method: 'POST',
    path: '/accounts/a%2Fb/charges',
    body: '{"cents":5}',
  })
})

test('A1: a foreign query has the rest in the query string, and no body', () => {
  assert.deepEqual(addressOf(arrow(money.list, true), { account: 'a', limit: 3 }), {
    method: 'GET',
    path: '/accounts/a/charges?limit=3',
    body: undefined,
  })
})

test('a service of ours is called with JSON, whatever its public route is', () => {
  assert.deepEqual(addressOf(arrow(money.list, false), { account: 'a', limit: 3 }), {
    method: 'POST',
    path: '/provider/list',
    body: '{"account":"a","limit":3}',
  })
})
