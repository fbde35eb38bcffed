/**
 * Goal: every mutation of a valid answer is either valid by its schema or an outcome that says that it is
 * not; whatever arrives, nothing but the contract's own values reaches the caller.
 * Method: valid answers, of which bytes, fields, headers and the status are changed by chance, to a caller
 * with no other attempt; the schema judges a second time, outside.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { z } from 'zod'
import { edge } from '#model'
import type { WireResponse } from '#world'
import { ManualWorld } from '../../../test/support/manual-world.ts'
import { payments } from '../../../test/support/payments.ts'
import { charge } from '../../../test/support/scripted.ts'
import { standaloneCaller } from './caller.ts'

const once = edge(payments, {
  deadline: '1s',
  ops: { authorize: { retry: 1, breaker: false } },
})
const Answer = z.strictObject({ authId: z.string() })

const VALID: WireResponse = {
  status: 201,
  headers: { 'content-type': 'application/json' },
  body: new TextEncoder().encode('{"authId":"a1","more":[1,{"deep":null}]}'),
}

type Mutation = (answer: WireResponse) => WireResponse

const inBytes = (change: (bytes: number[]) => void): Mutation => {
  return (answer) => {
    const bytes = [...answer.body]
    change(bytes)
    return { ...answer, body: Uint8Array.from(bytes) }
  }
}

const at = fc.nat(VALID.body.length)
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.nat(255)).map(([place, byte]) => inBytes((all) => (all[place] = byte))),
  fc.tuple(at, fc.nat(10)).map(([place, count]) => inBytes((all) => void all.splice(place, count))),
  fc
    .tuple(at, fc.constantFrom('"', '{', '}', '\\u0000', ',"authId":2', '\u{feff}', '1e999', ' '))
    .map(([place, text]) => inBytes((all) => void all.splice(place, 0, ...Buffer.from(text)))),
  at.map((length) => inBytes((all) => void all.splice(length))),
  fc.json().map<Mutation>((text) => (answer) => ({ ...answer, body: Buffer.from(text) })),
  fc
    .json()
    .map<Mutation>((text) => (answer) => ({ ...answer, body: Buffer.from(`{"authId":${text}}`) })),
  fc.constant<Mutation>((answer) => ({ ...answer, body: new Uint8Array() })),
  fc
    .constantFrom('text/html', '', 'application/jsonp', 'application/json; charset=utf-16', 'x')
    .map<Mutation>((type) => (answer) => ({ ...answer, headers: { 'content-type': type } })),
  fc.integer({ min: 100, max: 999 }).map<Mutation>((status) => (answer) => ({ ...answer, status })),
  fc
    .record({
      'retry-after': fc.constantFrom('-1', '1e9', '999999999', 'soon', ''),
      'holdfast-retry': fc.constantFrom('never', 'always', ''),
      'content-encoding': fc.constantFrom('gzip', 'identity'),
    })
    .map<Mutation>((more) => (answer) => ({ ...answer, headers: { ...answer.headers, ...more } })),
)

async function outcomeOf(answer: WireResponse) {
  const world = new ManualWorld()
  await world.network.listen({ host: 'payments', port: 1 }, async () => answer)
  const call = standaloneCaller({ world, resolve: () => 'http://payments:1' })
  return world.run(call.outcome(once.authorize, charge))
}

test('every mutation of a valid answer is valid by its schema, or said to be invalid', async () => {
  const seen = { done: 0, invalid: 0, failed: 0 }
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
      const answer = mutations.reduce((each, mutate) => mutate(each), VALID)
      const outcome = await outcomeOf(answer)
      const isSuccess = answer.status >= 200 && answer.status <= 299
      if (outcome.kind === 'done') {
        assert.ok(isSuccess)
        assert.ok(Answer.safeParse(outcome.value).success, JSON.stringify(outcome.value))
        assert.equal(outcome.degraded, false)
        seen.done += 1
      } else {
        assert.ok('error' in outcome, 'no refusal is invented')
        const { code, message } = outcome.error
        if (isSuccess) assert.deepEqual([outcome.kind, code], ['unknown', 'HF_ANSWER_INVALID'])
        else assert.match(code, /^HF_(ANSWER_INVALID|CALL_(FAILED|DENIED|REJECTED))$/)
        assert.ok(message.length < 1_000, 'what strangers wrote is cut')
        seen[isSuccess ? 'invalid' : 'failed'] += 1
      }
    }),
    { numRuns: 1_500 },
  )
  for (const [kind, count] of Object.entries(seen)) assert.ok(count > 50, `${kind}: ${count}`)
})
