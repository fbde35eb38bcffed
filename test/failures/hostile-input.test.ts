/**
 * X4: input that is malformed, huge, deep or replayed.
 *
 * Goal: whatever arrives is either what the contract allows or refused with a problem document; nothing
 * is written, nobody crashes, and no stack trace is on the wire. Method: a list of known attacks, and
 * hundreds of requests made up by chance, against the real handler on real SQL.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Sending } from '../support/served.ts'
import { paymentsShop } from '../support/payments-shop.ts'
import { admitted } from './support/admitted.ts'
import { asked, type Written } from './support/plain.ts'

const GOOD = '{"orderId":"o1","cents":500}'

/** Bodies that somebody has sent to somebody. */
const attacks: readonly (string | Uint8Array)[] = [
  '',
  '{',
  'null',
  '[]',
  '"orderId"',
  '{"orderId":"o1"}',
  '{"orderId":["o1"],"cents":1}',
  '{"orderId":"o1","cents":"1; drop table charge"}',
  '{"orderId":"o1","cents":1e400}',
  '{"orderId":"o1","cents":0.5}',
  '{"orderId":"o1","cents":1,"cents":-1e999}',
  '{"__proto__":{"orderId":"o1","cents":1}}',
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `{"orderId":"${'x'.repeat(2_000_000)}","cents":1}`,
  '{"orderId":"\\u0000","cents":1}',
  new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]),
]

function sending(body: string | Uint8Array): Sending {
  return { path: '/payments/authorize', body }
}

test('a handler that trusts its input writes rubbish and shows its stack to everybody', async () => {
  const written: Written[] = []
  const answers = await Promise.all(attacks.map((body) => asked(written, body)))

  assert.ok(written.length > attacks.length / 2)
  assert.ok(answers.some((text) => text.includes('    at JSON.parse')))
})

test('each attack is refused by name, nothing is written, and no stack is on the wire', async () => {
  const shop = await paymentsShop()

  for (const body of attacks) {
    const { status, headers, text, json } = await admitted(shop, sending(body))
    const shown = JSON.stringify(body).slice(0, 60)
    assert.ok(status === 400 || status === 413, `${status} for ${shown}`)
    assert.equal(headers['content-type'], 'application/problem+json')
    assert.match(String(json['code']), /^HF_(INPUT_INVALID|REQUEST_MALFORMED|BODY_TOO_LARGE|KEY_)/)
    assert.equal(json['effect'], 'none')
    assert.doesNotMatch(text, /^\s+at /m)
  }
  assert.equal(await shop.number('select count(*) from charge'), 0)
  assert.equal((await admitted(shop, sending(GOOD))).status, 201, 'it still works')
})

test('three hundred requests made up by chance are answered, each with one of the declared ways', async () => {
  const shop = await paymentsShop()
  const value = fc.oneof(fc.json(), fc.string({ unit: 'binary' }), fc.constant(GOOD))
  const path = fc.oneof(fc.webPath(), fc.constant('/payments/authorize'))
  const key = fc.string({ maxLength: 300 })
  const request = fc.record({
    method: fc.constantFrom('GET', 'POST', 'PUT', 'x'),
    path,
    value,
    key,
  })

  for (const { method, path: to, value: body, key: id } of fc.sample(request, {
    numRuns: 300,
    seed: 1,
  })) {
    const headers = { 'idempotency-key': id }
    const { status, text } = await admitted(shop, { method, path: to, body, headers })
    assert.ok([200, 201, 400, 404, 405, 413].includes(status), `${status} for ${method} ${to}`)
    assert.doesNotMatch(text, /^\s+at /m)
  }
  const charged = await shop.number('select count(*) from charge')
  assert.ok(charged <= 1, 'the one good request is one charge, however often it is replayed')
})
