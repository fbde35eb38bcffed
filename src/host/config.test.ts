import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { contract, foreign, service, sql, system } from '#model'
import { readConfig, shout } from './config.ts'

const orders = service(contract('orders', {}), sql({ migrations: new URL('file:///nowhere/') }), {
  handle: {},
})
const shop = system('shop', {
  services: [orders],
  foreign: [foreign(contract('cardProvider', {}))],
})

test('an empty environment is a working configuration on embedded databases', () => {
  const config = readConfig({ DATABASE_URL: '' }, shop)
  assert.equal(config.port, 4_000)
  assert.equal(config.directory, '.holdfast')
  assert.equal(config.databaseUrl, undefined)
})

test('every variable that cannot be used is named at once', () => {
  const environment = {
    PORT: '99999',
    HOLDFAST_SESSIONS: 'many',
    HOLDFAST_URL_CARD_PROVIDER: 'example.org/x',
  }
  assert.throws(
    () => readConfig(environment, shop),
    (error) =>
      isHoldfastError(error, 'HF_CONFIG_INVALID') &&
      Object.keys(environment).every((name) => error.detail.includes(name)),
  )
})

test('F1: a wrong DATABASE_URL is refused without showing its password', () => {
  assert.throws(
    () => readConfig({ DATABASE_URL: 'mysql://me:geheim@db/shop' }, shop),
    (error) => isHoldfastError(error, 'HF_CONFIG_INVALID') && !error.message.includes('geheim'),
  )
})

test('a variable spells the name of a service in capitals', () => {
  assert.equal(shout('cardProvider'), 'CARD_PROVIDER')
  const config = readConfig({ HOLDFAST_URL_CARD_PROVIDER: 'https://cards.example' }, shop)
  assert.deepEqual(config.places.get('cardProvider'), {
    kind: 'origins',
    origins: ['https://cards.example'],
  })
})

test('NATS is found by its URL, and three servers keep three copies', () => {
  assert.equal(readConfig({}, shop).nats, undefined)
  assert.deepEqual(natsIn({ HOLDFAST_NATS_URL: 'nats://n0' }), {
    servers: ['nats://n0'],
    replicas: 1,
  })
  assert.deepEqual(natsIn({ HOLDFAST_NATS_URL: 'nats://n0, nats://n1,tls://n2' }), {
    servers: ['nats://n0', 'nats://n1', 'tls://n2'],
    replicas: 3,
  })
})

test('F1: a wrong HOLDFAST_NATS_URL is refused without showing its password', () => {
  const environment = {
    HOLDFAST_NATS_URL: 'http://me:geheim@n0',
    HOLDFAST_NATS_REPLICAS: '2',
  }

  assert.throws(
    () => readConfig(environment, shop),
    (error) =>
      isHoldfastError(error, 'HF_CONFIG_INVALID') &&
      Object.keys(environment).every((name) => error.detail.includes(name)) &&
      !error.message.includes('geheim'),
  )
})

function natsIn(environment: Readonly<Record<string, string>>): unknown {
  return readConfig(environment, shop).nats
}
