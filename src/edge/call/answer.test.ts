/**
 * Goal: whatever a callee answers is one of four outcomes, and garbage is never a value. Method: a
 * scripted provider, and the outcome that its caller sees.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WireHandler } from '#world'
import { pay } from '../../../test/support/payments.ts'
import { charge, json, problem, scripted } from '../../../test/support/scripted.ts'

const authorized = json(200, { authId: 'a1' })

// What may have acted is sent twice at most: a third time would hope against two answers.
for (const [name, step, code, kind, sent] of [
  ['a 503 of a stranger', json(503, {}), 'HF_CALL_REJECTED', 'unsent', 3],
  ['a 429 of a stranger', json(429, {}), 'HF_CALL_REJECTED', 'unsent', 2],
  ['a 500 of a stranger', json(500, {}), 'HF_CALL_FAILED', 'unknown', 2],
  [
    'a problem without an effect',
    problem(503, { code: 'HF_DRAINING' }),
    'HF_DRAINING',
    'unknown',
    2,
  ],
] as const) {
  test(`${name} is ${kind}, and sent ${sent} times under the key`, async () => {
    const { world, call } = await scripted(step)

    const outcome = await world.run(call.outcome(pay.authorize, charge))

    assert.equal(outcome.kind, kind)
    assert.equal('error' in outcome && outcome.error.code, code)
    assert.equal(world.network.sent.length, sent)
  })
}

test('garbage with status 200 is a failed attempt, and never a value', async () => {
  const { world, call } = await scripted(json(200, { authId: 7 }), authorized)

  assert.deepEqual(await world.run(call(pay.authorize, charge)), { authId: 'a1' })
  assert.equal(world.network.sent.length, 2)
})

const html: WireHandler = async () => ({
  status: 200,
  headers: { 'content-type': 'text/html' },
  body: new TextEncoder().encode('<h1>welcome</h1>'),
})
const truncated: WireHandler = async () => ({
  status: 200,
  headers: { 'content-type': 'application/json' },
  body: new TextEncoder().encode('{"authId":"a'),
})
for (const [name, step] of [
  ['HTML', html],
  ['truncated JSON', truncated],
  ['a wrong type', json(200, { authId: null })],
  ['JSON that nests 1,000 deep', json(200, nested(1_000))],
  ['an own __proto__', json(200, JSON.parse('{"authId":"a","__proto__":{}}'))],
  ['nothing', async () => ({ status: 200, headers: {}, body: new Uint8Array() })],
  ['a redirect', json(302, {})],
  ['a refusal that the contract does not know', problem(422, { refusal: 'constructor', data: {} })],
  ['a refusal with wrong data', problem(422, { refusal: 'declined', data: { reason: 1 } })],
] as const) {
  test(`an answer that is ${name} is HF_ANSWER_INVALID and unknown`, async () => {
    const { world, call } = await scripted(step)

    const outcome = await world.run(call.outcome(pay.authorize, charge))

    assert.equal(outcome.kind === 'unknown' && outcome.error.code, 'HF_ANSWER_INVALID')
  })
}

function nested(depth: number): unknown {
  let value: unknown = 1
  for (let level = 0; level < depth; level += 1) value = [value]
  return value
}
