/**
 * Goal: whatever arrives gets one answer that says what is true. Method: requests through
 * `server.handle`, most of them hostile, in front of a real database.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { incoming } from '#edge'
import { HoldfastError } from '#errors'
import { openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { pglite } from '../../../test/support/databases.ts'
import { paymentsService, paymentsSystem } from '../../../test/support/payments.ts'
import { authorize, charge, paid, paymentsShop } from '../../../test/support/payments-shop.ts'
import { type Sending, served } from '../../../test/support/served.ts'

test('every hop of the list says why it stands where it stands', () => {
  assert.deepEqual(
    incoming.map(({ name }) => name),
    [
      'fact',
      'problem',
      'route',
      'drain',
      'events',
      'deadline',
      'quota',
      'admission',
      'limit',
      'body',
      'input',
      'key',
      'turn',
      'execution',
    ],
  )
  assert.ok(incoming.every(({ why }) => why.length > 40))
})

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)
const hostile: readonly (readonly [string, Sending, number, string])[] = [
  ['malformed JSON', { ...authorize, body: '{"orderId":' }, 400, 'HF_REQUEST_MALFORMED'],
  [
    'bytes that are not UTF-8',
    { ...authorize, body: Uint8Array.of(0x22, 0xff, 0x22) },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  ['JSON that nests 1,000 deep', { ...authorize, body: deep(1_000) }, 400, 'HF_REQUEST_MALFORMED'],
  [
    'JSON that nests 500,000 deep',
    { ...authorize, body: deep(500_000) },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  [
    'a key __proto__',
    { ...authorize, body: String.raw`{"\u005f_proto__":{"isAdmin":true}}` },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  ['a body of 10 MB', { ...authorize, body: 'x'.repeat(10_000_000) }, 413, 'HF_BODY_TOO_LARGE'],
  ['wrong types', { ...authorize, body: { orderId: 1, cents: '5' } }, 400, 'HF_INPUT_INVALID'],
  ['no body', { path: '/payments/authorize' }, 400, 'HF_INPUT_INVALID'],
  ['a body that is null', { ...authorize, body: null }, 400, 'HF_INPUT_INVALID'],
  [
    'another content type',
    { ...authorize, headers: { 'content-type': 'text/plain' } },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  [
    'a compressed body',
    { ...authorize, headers: { 'content-encoding': 'gzip' } },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  ['an unknown operation', { path: '/payments/steal', body: {} }, 404, 'HF_OPERATION_UNKNOWN'],
  [
    'the name of an inherited property',
    { path: '/payments/constructor', body: {} },
    404,
    'HF_OPERATION_UNKNOWN',
  ],
  [
    'an event by the door of calls',
    { path: '/payments/~contract', body: {} },
    404,
    'HF_OPERATION_UNKNOWN',
  ],
  [
    'another method',
    { method: 'DELETE', path: '/payments/authorize' },
    405,
    'HF_METHOD_NOT_ALLOWED',
  ],
  [
    'a path that is not UTF-8',
    { method: 'GET', path: '/accounts/%ff' },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  [
    'a body that is no object beside path fields',
    { method: 'PUT', path: '/authorizations/o1', body: [] },
    400,
    'HF_REQUEST_MALFORMED',
  ],
  ['a missing key', { path: '/payments/pay', body: charge }, 400, 'HF_KEY_MISSING'],
  ['an empty key', paid('""'), 400, 'HF_KEY_INVALID'],
  ['a key of 256 characters', paid('k'.repeat(256)), 400, 'HF_KEY_INVALID'],
  ['two keys', paid('"a", "b"'), 400, 'HF_KEY_INVALID'],
  ['a key that does not end', paid('"a'), 400, 'HF_KEY_INVALID'],
  [
    'a derived key of nothing',
    { ...authorize, body: { ...charge, orderId: '' } },
    400,
    'HF_KEY_INVALID',
  ],
  [
    'a derived key with NUL',
    { ...authorize, body: { ...charge, orderId: 'a\0b' } },
    400,
    'HF_KEY_INVALID',
  ],
  ...['0', '-1', '1.5', '1e3', 'soon', '', ' 5', '9'.repeat(40)].map(
    (text) =>
      [
        `the deadline '${text.slice(0, 9)}'`,
        { ...authorize, headers: { 'holdfast-deadline-ms': text } },
        400,
        'HF_REQUEST_MALFORMED',
      ] as const,
  ),
]

test('hostile requests are each refused by name, with no effect and a way out', async () => {
  const shop = await paymentsShop()

  for (const [name, sending, status, code] of hostile) {
    const answer = await shop.send(sending)

    assert.deepEqual([answer.status, answer.json['code']], [status, code], name)
    assert.equal(answer.headers['content-type'], 'application/problem+json', name)
    assert.equal(answer.json['effect'], 'none', name)
    assert.ok(String(answer.json['fix']).length > 10, name)
    assert.doesNotMatch(answer.text, /node_modules|\.ts|at Object/, name)
  }
  assert.equal(await shop.number('select count(*) from charge'), 0)
  assert.equal(await shop.number('select count(*) from hf.inbox'), 0)
  assert.equal(Reflect.get({}, 'isAdmin'), undefined)
  assert.equal(shop.inFlight(), 0)
  assert.equal(shop.facts.filter((each) => each.fact === 'served').length, hostile.length)
})

test('wrong fields are named one by one', async () => {
  const shop = await paymentsShop()

  const { json } = await shop.send({ ...authorize, body: { orderId: 1, cents: '5' } })

  const issues = JSON.stringify(json['issues'])
  assert.match(issues, /"path":"orderId"/)
  assert.match(issues, /"path":"cents"/)
})

test('another method is told which one is right', async () => {
  const shop = await paymentsShop()

  const { headers } = await shop.send({ method: 'GET', path: '/payments/authorize' })

  assert.equal(headers['allow'], 'POST')
})

test('a caller with a garbage name is anonymous, and no stranger names an operation in the facts', async () => {
  const shop = await paymentsShop()

  await shop.send({ ...authorize, headers: { 'holdfast-caller': "x'; drop table charge;--" } })
  await shop.send({ path: `/${'x'.repeat(5_000)}` })

  const seen = shop.facts.map((each) => each.fact === 'served' && [each.caller, each.operation])
  assert.deepEqual(seen, [
    ['anonymous', 'payments.authorize'],
    ['anonymous', 'unknown'],
  ])
})

test('fields of the path become fields of the input, and win over the body', async () => {
  const shop = await paymentsShop()

  const answer = await shop.send({
    method: 'PUT',
    path: '/authorizations/o%207',
    body: { orderId: 'o1', cents: 3 },
  })

  assert.equal(answer.status, 201)
  assert.equal(await shop.number("select count(*) from charge where order_id = 'o 7'"), 1)
})

test('a handler that does not end is answered for at the deadline, as unknown', async () => {
  const { promise: never, resolve: end } = Promise.withResolvers<void>()
  const shop = await paymentsShop(pglite, { beforePay: () => never })

  const answer = await shop.send({
    ...paid('k1', { 'holdfast-deadline-ms': '30' }),
  })
  end()

  assert.deepEqual(
    [answer.status, answer.json['code'], answer.json['effect']],
    [504, 'HF_DEADLINE_EXHAUSTED', 'unknown'],
  )
})

test('a service that drains refuses new work, and has drained when the running work has ended', async () => {
  const { promise: mayEnd, resolve: end } = Promise.withResolvers<void>()
  const { promise: isRunning, resolve: running } = Promise.withResolvers<void>()
  const shop = await paymentsShop(pglite, {
    beforePay: async () => {
      running()
      await mayEnd
    },
  })
  const work = shop.send(paid('k1'))
  await isRunning

  let isDrained = false
  const drained = shop.drain().then(() => (isDrained = true))
  const refused = await shop.send(authorize)
  const wasDrained = isDrained
  end()

  assert.deepEqual(
    [refused.status, refused.json['code'], refused.headers['retry-after']],
    [503, 'HF_DRAINING', '1'],
  )
  assert.equal(wasDrained, false)
  assert.equal((await work).status, 200)
  await drained
  assert.equal(shop.inFlight(), 0)
})

test('an event reaches the event edge by the same door', async () => {
  const shop = await paymentsShop()

  const answer = await shop.send({ path: '/holdfast/events', body: { not: 'a CloudEvent' } })

  assert.equal(answer.json['code'], 'HF_REQUEST_MALFORMED')
  assert.match(String(answer.json['detail']), /cloudevents/)
  assert.equal(shop.facts.filter((each) => each.fact === 'served').length, 0)
})

test('a database that is away is a failure with its own code, and no effect', async () => {
  const away = openDatabase(
    {
      exclusive: false,
      acquire: () =>
        Promise.reject(new HoldfastError('HF_DB_UNREACHABLE', { detail: 'at secret.internal' })),
      close: () => Promise.resolve(),
    },
    { clock: nodeClock, timers: nodeTimers, random: nodeRandom },
  )
  const service = paymentsService()
  const shop = served(away, { service, system: paymentsSystem(service) })

  const answer = await shop.send(authorize)

  assert.deepEqual(
    [answer.status, answer.json['code'], answer.json['effect']],
    [503, 'HF_DB_UNREACHABLE', 'none'],
  )
  assert.doesNotMatch(answer.text, /secret/)
})
