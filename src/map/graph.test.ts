import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { contract, edge, event, nothing, query, service, sql, system, when } from '#model'
import { chain, planned } from '../../test/support/map-systems.ts'
import { pay, payments } from '../../test/support/payments.ts'
import { type Graph, graphOf } from './graph.ts'
import { keyName } from './key-name.ts'

function handler(graph: Graph, name: string): Graph['handlers'][number] {
  const found = graph.handlers.find((each) => each.name === name)
  assert.ok(found !== undefined, `the graph has ${name}`)
  return found
}

const plan = {
  orders: { calls: { stock: {} }, route: 'GET /orders' },
  stock: {},
  mail: { hears: ['orders'] },
} as const

test('every declared arrow is in the graph, with the policy that runs', () => {
  const { calls, events, services, stores } = graphOf(planned(plan))

  assert.deepEqual(
    calls.map(({ name, policy }) => [name, policy.deadlineMs, policy.attemptsMax]),
    [['orders>stock.ask', 1_000, 3]],
  )
  assert.deepEqual(
    events.map(({ name }) => name),
    ['orders>mail.told'],
  )
  assert.deepEqual(
    services.map(({ name, store }) => [name, store]),
    [
      ['orders', 'db(orders)'],
      ['stock', 'db(stock)'],
      ['mail', 'db(mail)'],
    ],
  )
  assert.equal(stores.length, 3)
})

test('G1: a handler without `ask` calls nobody, one with it may call all that its service uses', () => {
  const graph = graphOf(planned({ ...plan, mail: { hears: ['orders'], calls: { stock: {} } } }))

  assert.deepEqual(handler(graph, 'stock.ask').calls, [])
  assert.deepEqual(handler(graph, 'mail<orders.told').calls, [])
  assert.deepEqual(
    handler(graph, 'mail.ask').calls.map(({ arrow, times }) => [arrow.name, times]),
    [['mail>stock.ask', 1]],
  )
})

test('G2: a query emits nothing, a subscription may emit all events of its service', () => {
  const graph = graphOf(planned(plan))

  assert.deepEqual(handler(graph, 'orders.ask').emits, [])
  assert.deepEqual(handler(graph, 'mail<orders.told').emits, ['mail.told'])
})

test('whoever knows the code may say what a handler really causes', () => {
  const graph = graphOf(planned(plan), {
    'orders.ask': { calls: { 'orders>stock.ask': 4 } },
    'mail<orders.told': { emits: [] },
  })

  assert.equal(handler(graph, 'orders.ask').calls[0]?.times, 4)
  assert.deepEqual(handler(graph, 'mail<orders.told').emits, [])
})

test('a cause that names nothing of the system is refused by name', () => {
  const causes = [
    { 'orders.lost': {} },
    { 'orders.ask': { calls: { 'stock>orders.ask': 1 } } },
    { 'orders.ask': { calls: { 'orders>stock.ask': 0 } } },
    { 'mail<orders.told': { emits: ['lost'] } },
  ]

  for (const each of causes) {
    assert.throws(
      () => graphOf(planned(plan), each),
      (error) =>
        isHoldfastError(error, 'HF_DECLARATION_INVALID') &&
        error.detail.includes(`'${Object.keys(each)[0]}'`),
    )
  }
})

const noDatabase = sql({ migrations: new URL('file:///databases/none/') })

test('an arrow to something that its target does not promise is refused with its name', () => {
  const wished = contract('stock', { count: query({ input: nothing, output: nothing }) })
  const real = contract('stock', { ask: query({ input: nothing, output: nothing }) })
  const orders = contract('orders', { go: query({ input: nothing, output: nothing }) })
  const both = system('both', {
    services: [
      service(orders, noDatabase, {
        uses: [edge(wished, { deadline: '1s' })],
        handle: { go: () => undefined },
      }),
      service(real, noDatabase, { handle: { ask: () => undefined } }),
    ],
  })

  assert.throws(
    () => graphOf(both),
    /orders>stock\.count: .*the contract of its provider has no query 'count'/,
  )
})

test('a subscription to an event that is not promised is refused with its name', () => {
  const wished = contract('orders', { placed: event({ payload: nothing }) })
  const real = contract('orders', { placed: query({ input: nothing, output: nothing }) })
  const mail = contract('mail', {})
  const both = system('both', {
    services: [
      service(real, noDatabase, { handle: { placed: () => undefined } }),
      service(mail, noDatabase, { handle: {}, when: [when(wished.placed, () => undefined)] }),
    ],
  })

  assert.throws(() => graphOf(both), /orders>mail\.placed: .*'placed' is a query .*, not an event/)
})

test('an arrow to nobody is refused, even where nobody checked the system', () => {
  const lost = { name: 'lost', services: [], foreign: [], eventEdges: [] }
  const alone = planned(chain(['orders', 'stock']))

  assert.throws(
    () => graphOf({ ...lost, services: alone.services.slice(0, 1) }),
    /orders>stock\.ask: .*its target is not in the system/,
  )
})

test('a foreign service ends the path and keeps its stores to itself', () => {
  const orders = contract('orders', { go: query({ input: nothing, output: nothing }) })
  const shop = system('shop', {
    services: [service(orders, noDatabase, { uses: [pay], handle: { go: () => undefined } })],
    foreign: [{ name: 'payments', contract: payments, standIn: undefined }],
  })
  const graph = graphOf(shop)

  assert.deepEqual(handler(graph, 'payments.authorize').calls, [])
  assert.deepEqual(graph.services.at(-1), {
    name: 'payments',
    isForeign: true,
    team: undefined,
    store: undefined,
  })
  assert.equal(graph.calls.length, 4)
  assert.equal(graph.calls.find(({ operation }) => operation === 'ping')?.isRepeatable, false)
})

test('the name of a key is read where it is one field, and not guessed where it is more', () => {
  assert.equal(
    keyName((order: { id: string }) => order.id),
    'id',
  )
  assert.equal(
    keyName(({ orderId }: { orderId: string }) => orderId),
    'orderId',
  )
  assert.equal(
    keyName((order: { a: string; b: string }) => `${order.a}:${order.b}`),
    'key',
  )
})
