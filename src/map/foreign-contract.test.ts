/**
 * A contract is written from a stranger's document, and what it does not hold is said.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreignContractOf } from './foreign-contract.ts'
import type { JsonObject } from './json-schema.ts'
import { openApiOf } from './openapi.ts'
import { paymentsService, paymentsSystem } from '../../test/support/payments.ts'

const done = { 200: { description: 'done' } }
const text = { type: 'string' }

function made(paths: JsonObject): { readonly text: string; readonly leftOut: readonly string[] } {
  const contract = foreignContractOf({ openapi: '3.1.0', info: { title: 'It' }, paths }, 'it')
  return typeof contract === 'string' ? assert.fail(contract) : contract
}

function body(schema: JsonObject): JsonObject {
  return { content: { 'application/json': { schema } } }
}

test('O1: what cannot be sent as it is described is left out, with the reason', () => {
  const cases: readonly [JsonObject, RegExp][] = [
    [{ '/a': { patch: { responses: done } } }, /no route of this method/],
    [{ '/a/{b}': { get: { responses: done } } }, /'b', which it does not describe/],
    [{ '/a': { get: {} } }, /it describes no success/],
    [{ '/a': { post: { responses: done, requestBody: body({ type: 'array' }) } } }, /no object/],
    [{ '/a': { post: { responses: done, requestBody: { content: {} } } } }, /no JSON/],
    [
      {
        '/a': {
          get: {
            responses: done,
            parameters: [{ name: 'X-Token', in: 'header', required: true, schema: text }],
          },
        },
      },
      /asks for 'X-Token' in the header/,
    ],
    [
      {
        '/a': {
          get: {
            responses: done,
            parameters: [{ name: 'ids', in: 'query', required: true, schema: { type: 'array' } }],
          },
        },
      },
      /asks for 'ids' in the query/,
    ],
  ]
  for (const [paths, why] of cases) {
    const { text: written, leftOut } = made(paths)
    assert.equal(leftOut.length, 1, JSON.stringify(paths))
    assert.match(leftOut[0] ?? '', why)
    assert.doesNotMatch(written, /route:/)
  }
})

test('O2: a command is repeatable if HTTP says so or it takes a key, and no other', () => {
  const parameters = [{ name: 'idempotency-key', in: 'header', required: true, schema: text }]
  const { text: written } = made({
    '/a': {
      get: { operationId: 'a', responses: done },
      post: { operationId: 'b', responses: done },
      put: { operationId: 'c', responses: done },
      delete: { operationId: 'd', responses: done },
    },
    '/e': { post: { operationId: 'e', responses: done, parameters } },
  })

  const keyed = [...written.matchAll(/^ {2}(\w): (\w+)\(\{([\s\S]*?)^ {2}\}\),/gm)].map(
    ([, name, kind, inner]) => `${name} ${kind} ${/from-caller/.test(inner ?? '')}`,
  )
  assert.deepEqual(keyed, [
    'a query false',
    'b command false',
    'c command true',
    'd command true',
    'e command true',
  ])
})

test('names are made where there are none, and none is given twice', () => {
  const { text: written } = made({
    '/orders/{id}': {
      get: { responses: done, parameters: [{ name: 'id', in: 'path', schema: text }] },
      put: {
        operationId: 'Get orders.id',
        responses: done,
        parameters: [{ name: 'id', in: 'path', schema: text }],
      },
      post: {
        operationId: '9 lives',
        responses: done,
        parameters: [{ name: 'id', in: 'path', schema: text }],
      },
    },
  })

  const names = [...written.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name)
  assert.deepEqual(names, ['getOrdersId', 'post9Lives', 'getOrdersId2'])
})

test('what Holdfast exports it reads again, every operation of it', () => {
  const document = openApiOf(paymentsSystem(paymentsService()))
  const contract = foreignContractOf(document, 'shop')

  assert.ok(typeof contract === 'object')
  assert.deepEqual(contract.leftOut, [])
  const routes = [...contract.text.matchAll(/route: '([^']+)'/g)].map(([, route]) => route)
  const paths = Object.entries(Object(document['paths'])).flatMap(([path, item]) =>
    Object.keys(Object(item)).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  )
  assert.deepEqual(new Set(routes), new Set(paths))
})

test('a document of another version or none is refused by name', () => {
  for (const [document, why] of [
    [{ swagger: '2.0', paths: {} }, /"2\.0", and 3\.1 is read/],
    [{ openapi: '3.0.3', paths: {} }, /"3\.0\.3", and 3\.1 is read/],
    [{ openapi: '3.1.0' }, /no paths/],
    [[], /no JSON object/],
  ] as const) {
    const found = foreignContractOf(document, 'it')
    assert.match(typeof found === 'string' ? found : '', why)
  }
})

test('no text of a document can leave its comment', () => {
  const { text: written } = made({
    '/a': { get: { operationId: 'a', responses: done, summary: '*/ process.exit() /*\n hello' } },
  })

  assert.match(written, /\/\*\* \* \/ process\.exit\(\) \/\* +hello \*\/\n/)
})
