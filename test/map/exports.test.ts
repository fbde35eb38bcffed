/**
 * Goal: the exported documents are what their specifications ask for, and true.
 * Method: what the official schemas (`official-schemas.test.ts`) cannot know is checked one by one, and
 * answers of a real service are held against the exported shapes.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { asyncApiOf, type JsonObject, openApiOf } from '#map'
import { command, contract, event, type Operations, query, service, sql, system } from '#model'
import { market } from '../../examples/market/system.ts'
import { paymentsService, paymentsSystem } from '../support/payments.ts'
import { charge, paymentsShop } from '../support/payments-shop.ts'
import { deadReferences } from '../support/references.ts'

/** What stands at a place of a document, as an object. */
function at(document: unknown, ...keys: readonly (string | number)[]): JsonObject {
  let found: unknown = document
  for (const key of keys) {
    assert.ok(typeof found === 'object' && found !== null, `nothing before ${key}`)
    found = Reflect.get(found, key)
  }
  assert.ok(typeof found === 'object' && found !== null, `nothing at ${keys.join(' ')}`)
  return { ...found }
}

function lone(operations: Operations): ReturnType<typeof system> {
  const handle = Object.entries(operations).flatMap(([name, { kind }]) =>
    kind === 'event' ? [] : [[name, () => undefined]],
  )
  const database = sql({ migrations: new URL('file:///nowhere/') })
  const options = { handle: Object.fromEntries(handle) }
  // The operations are made up for each test, so no handler can be typed for them.
  return system('lone', {
    services: [service(contract('lone', operations), database, options as never)],
  })
}

/** The shape of a media type as a schema that can check; the one shape that is shared is put in. */
function shapeIn(document: JsonObject, media: JsonObject): z.ZodType {
  const shared = JSON.stringify(at(document, 'components', 'schemas', 'failure'))
  const reference = JSON.stringify({ $ref: '#/components/schemas/failure' })
  return z.fromJSONSchema(JSON.parse(JSON.stringify(media['schema']).replaceAll(reference, shared)))
}

const open = openApiOf(market)
const operations = Object.entries(at(open, 'paths')).flatMap(([path, item]) =>
  Object.entries(at(item)).map(([method, each]) => ({ path, method, operation: at(each) })),
)

test('OpenAPI: version, title, paths, and no reference that leads nowhere', () => {
  assert.equal(open['openapi'], '3.1.1')
  assert.deepEqual(Object.keys(at(open, 'info')).toSorted(), ['title', 'version'])
  assert.deepEqual(deadReferences(open), [])
  assert.deepEqual(deadReferences({ a: { $ref: '#/b' } }), ['#/b'], 'a dead one is found')
  const known = /^(openapi|info|jsonSchemaDialect|tags|paths|components|x-.+)$/
  assert.ok(Object.keys(open).every((each) => known.test(each)))
})

test('OpenAPI: every public route of the market is one operation with its own id', () => {
  const routes = operations.map(({ method, path }) => `${method.toUpperCase()} ${path}`)

  assert.deepEqual(routes.toSorted(), [
    'GET /accounts/{account}',
    'GET /orders/{orderId}',
    'GET /payments/{orderId}',
    'GET /stock/{sku}',
    'POST /orders',
    'POST /stock/{sku}/restock',
  ])
  const ids = operations.map(({ operation }) => operation['operationId'])
  assert.equal(new Set(ids).size, operations.length)
})

test('OpenAPI: what stands in a path is a required parameter, and nothing else is one', () => {
  for (const { path, operation } of operations) {
    const templated = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
    const parameters = Object.values(at(operation, 'parameters')).map((each) => at(each))
    const inPath = parameters.filter((each) => each['in'] === 'path')

    assert.deepEqual(
      inPath.map((each) => each['name']),
      templated,
      path,
    )
    assert.ok(inPath.every((each) => each['required'] === true))
    assert.ok(parameters.every((each) => '$ref' in each || 'schema' in each))
  }
})

test('OpenAPI: every answer has a description, and every shape can be read by a library', () => {
  for (const { operation } of operations) {
    const responses = at(operation, 'responses')
    for (const [status, each] of Object.entries(responses)) {
      assert.match(status, /^(default|[1-5]\d\d)$/)
      if (status === 'default') continue
      assert.equal(typeof at(each)['description'], 'string')
      for (const media of Object.values(at(each, 'content'))) shapeIn(open, at(media))
    }
  }
})

test('OpenAPI: a command whose key comes from its caller asks for it, and says how it behaves', () => {
  const place = at(open, 'paths', '/orders', 'post')

  assert.deepEqual(place['x-holdfast-key'], { from: 'header', header: 'idempotency-key' })
  assert.match(JSON.stringify(place['parameters']), /#\/components\/parameters\/key/)
  assert.match(String(place['x-holdfast-effect']), /once per key, while the key is kept/)
  assert.deepEqual(place['x-holdfast-refusals'], ['unknownSku'])
  assert.ok('202' in at(place, 'responses'))
  const get = at(open, 'paths', '/orders/{orderId}', 'get')
  assert.equal(get['x-holdfast-freshness'], 'read-your-writes')
  assert.doesNotMatch(JSON.stringify(get['parameters']), /parameters\/key/)
})

test('OpenAPI: who calls an operation stands beside it, with deadline and attempts', () => {
  const provider = paymentsService()
  const check = at(openApiOf(paymentsSystem(provider)), 'paths', '/audits/check', 'post')

  assert.equal(check['x-holdfast-public'], false)
  assert.deepEqual(check['x-holdfast-callers'], [
    { service: 'payments', deadlineMs: 1_000, attemptsMax: 1, fallback: false },
  ])
})

test('OpenAPI: fields of a question stand in the query, those of a path do not', () => {
  const search = query({
    input: z.object({ shop: z.string(), page: z.string().optional() }),
    output: z.object({}),
    http: { route: 'GET /shops/:shop' },
  })
  const operation = at(openApiOf(lone({ search })), 'paths', '/shops/{shop}', 'get')

  assert.deepEqual(
    Object.values(at(operation, 'parameters'))
      .map((each) => at(each))
      .map((each) => [each['name'], each['in'], each['required']]),
    [
      ['shop', 'path', true],
      ['page', 'query', false],
      [undefined, undefined, undefined],
    ],
  )
  assert.equal(operation['requestBody'], undefined)
})

test('a shape that refers to itself is a document of its own, and one unknown says so', () => {
  const Tree = z.object({
    get children() {
      return z.array(Tree)
    },
  })
  const grow = command({ input: Tree, output: z.object({ at: z.date() }) })
  const document = openApiOf(lone({ grow }))
  const operation = at(document, 'paths', '/lone/grow', 'post')

  assert.deepEqual(deadReferences(document), [])
  const body = at(operation, 'requestBody', 'content', 'application/json', 'schema')
  assert.equal(body['$id'], 'urn:holdfast:shape:lone.grow:input')
  assert.deepEqual(at(operation, 'responses', '200', 'content', 'application/json', 'schema'), {
    description: 'zod writes no JSON Schema for it',
  })
})

test('what a real service answers is what OpenAPI says: done, refused and failed', async () => {
  const shop = await paymentsShop()
  const document = openApiOf(paymentsSystem(paymentsService()))
  const said = at(document, 'paths', '/authorizations/{orderId}', 'put', 'responses')
  const asked = (orderId: string, cents: unknown): ReturnType<typeof shop.send> =>
    shop.send({ method: 'PUT', path: `/authorizations/${orderId}`, body: { cents } })

  const answers = [
    await asked('o1', charge.cents),
    await asked('o2', 200_000),
    await asked('o1', charge.cents + 1),
    await asked('o1', 'many'),
  ]

  assert.deepEqual(
    answers.map(({ status }) => status),
    [201, 422, 422, 400],
  )
  for (const { status, headers, json } of answers) {
    const failure = at(document, 'components', 'responses', 'failure')
    const content = at(status in said ? at(said, status) : failure, 'content')
    const shape = shapeIn(document, at(content, headers['content-type'] ?? ''))
    assert.deepEqual(shape.safeParse(json).error?.issues ?? [], [], `${status}`)
    assert.ok(!shape.safeParse({}).success)
  }
})

const told = asyncApiOf(market)

test('AsyncAPI: every event is a channel with one sender, every subscription a receiver', () => {
  const actions = Object.values(at(told, 'operations')).map((each) => String(at(each)['action']))

  assert.equal(told['asyncapi'], '3.0.0')
  assert.deepEqual(deadReferences(told), [])
  assert.equal(Object.keys(at(told, 'channels')).length, 6)
  assert.equal(actions.filter((each) => each === 'send').length, 6)
  assert.equal(actions.filter((each) => each === 'receive').length, 8)
  const names = ['channels', 'operations'].flatMap((each) => Object.keys(at(told, each)))
  assert.ok(names.every((each) => /^[\w.-]+$/.test(each)))
})

test('AsyncAPI: a receiver says order, delivery and attempts; its message is the CloudEvent sent', () => {
  const hears = at(told, 'operations', 'inventory.hears.orders.placed')
  const payload = at(told, 'components', 'messages', 'orders.placed', 'payload')

  assert.deepEqual(hears['x-holdfast-order'], { kept: 'per key', key: 'orderId' })
  assert.equal(hears['x-holdfast-delivery'], 'at least once')
  assert.deepEqual(at(payload, 'properties', 'type'), { const: 'orders.placed' })
  assert.deepEqual(Object.keys(at(payload, 'properties', 'data', 'properties')), [
    'orderId',
    'sku',
    'quantity',
    'cents',
  ])
})

test('AsyncAPI: an event without a key promises no order', () => {
  const heard = event({ payload: z.object({}) })
  const sender = at(asyncApiOf(lone({ heard })), 'operations', 'lone.tells.heard')

  assert.deepEqual(sender['x-holdfast-order'], { kept: 'none' })
})
