/**
 * Goal: other tools can read what is exported. Method: the validators that the standards' own tools
 * use, on the market, on a contract with everything in it, and on documents with one mistake each.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import asyncApiSpecs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import {
  asyncApiOf,
  type Json,
  type JsonObject,
  jsonOf,
  mapOf,
  observationOf,
  openApiOf,
} from '#map'
import type { System } from '#model'
import { market } from '../../examples/market/system.ts'
import { chain, planned } from '../support/map-systems.ts'
import { paymentsService, paymentsSystem } from '../support/payments.ts'

// Both are CommonJS, and their types name a default export that is not there at run time.
const load = createRequire(import.meta.url)
const { Ajv }: typeof import('ajv') = load('ajv')
const { Ajv2020 }: typeof import('ajv/dist/2020.js') = load('ajv/dist/2020.js')
const formats: (ajv: unknown) => void = load('ajv-formats')

const systems: readonly System[] = [market, paymentsSystem(paymentsService())]

/** A copy that another program would read. */
function sent(document: Json | JsonObject): Record<string, unknown> {
  return JSON.parse(JSON.stringify(document))
}

test('what is exported is OpenAPI 3.1', async () => {
  for (const each of systems) {
    const { valid, errors } = await new Validator().validate(sent(openApiOf(each)))

    assert.deepEqual([valid, errors], [true, undefined], each.name)
  }
})

test('the validator of OpenAPI finds an operation without answers and a parameter without a place', async () => {
  const broken = sent(openApiOf(market))
  broken['paths'] = {
    '/orders': { get: { parameters: [{ name: 'id' }] } },
  }

  assert.equal((await new Validator().validate(broken)).valid, false)
})

test('what is exported is AsyncAPI 3', () => {
  const isValid = asyncApiCheck()

  for (const each of systems)
    assert.ok(isValid(sent(asyncApiOf(each))), `${each.name}: ${JSON.stringify(isValid.errors)}`)
  assert.equal(isValid({ ...sent(asyncApiOf(market)), channels: [] }), false, 'a mistake is found')
  assert.equal(isValid({ ...sent(asyncApiOf(market)), asyncapi: '2.0.0' }), false)
})

function asyncApiCheck() {
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats(ajv)
  return ajv.compile(Object(asyncApiSpecs.schemasWithoutId['3.0.0']))
}

test('the JSON of the map is what its published schema says, declared, observed and unbounded', () => {
  const schema = JSON.parse(readFileSync('docs/reference/map.schema.json', 'utf8'))
  const isValid = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
    schema,
  )
  const observation = observationOf([
    { fact: 'called', edge: 'payments>provider.charge', ended: 'done', attempts: 1, tookMs: 9 },
    { fact: 'delivered', edge: 'orders>inventory', event: 'orders.placed', lagMs: 9 },
    { fact: 'called', edge: 'ledger>bank.pay', ended: 'unknown', attempts: 1, tookMs: 9 },
  ])
  const loop = planned({ ...chain(['a', 'b']), b: { calls: { a: {} }, route: 'GET /b' } })
  const busy = { ratePerSecond: 5, capacityPerSecond: { orders: 90 } }

  for (const each of [
    mapOf(market),
    mapOf(market, { ...busy, availability: { provider: 0.99 }, observation }),
    mapOf(loop, { ratePerSecond: 1 }),
  ])
    assert.ok(isValid(sent(jsonOf(each))), JSON.stringify(isValid.errors))
  assert.equal(
    isValid({ ...sent(jsonOf(mapOf(market))), ghosts: [1] }),
    false,
    'a mistake is found',
  )
})
