/**
 * The failure: the callee commits, and its answer never arrives.
 *
 * Goal: it does harm without the edge's policy, and none with it. Method: the real handler and its real
 * SQL, behind a network that loses the first answer after the transaction has committed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { standaloneCaller } from '#edge'
import { HoldfastError } from '#errors'
import type { Call } from '#model'
import { nodeClock, nodeRandom, nodeTimers, type World } from '#world'
import { ManualNetwork } from './support/manual-world.ts'
import { pay } from './support/payments.ts'
import { charge, paymentsShop } from './support/payments-shop.ts'
import type { Served } from './support/served.ts'

const ORIGIN = 'http://payments:1'

/** Payments behind a network that loses the first answer. */
async function losing(): Promise<{
  readonly shop: Served
  readonly call: Call
  readonly network: ManualNetwork
}> {
  const shop = await paymentsShop()
  const network = new ManualNetwork()
  let answers = 0
  await network.listen({ host: 'payments', port: 1 }, async (request) => {
    const answer = await shop.handle(request)
    answers += 1
    if (answers > 1) return answer
    throw new HoldfastError('HF_CALL_LOST', { detail: 'the answer was lost' })
  })
  // A roll of 0 makes every pause 0 ms long: no test waits.
  const random = { float: () => 0, bytes: (length: number) => nodeRandom.bytes(length) }
  const world: World = { clock: nodeClock, timers: nodeTimers, random, network }
  return { shop, network, call: standaloneCaller({ world, resolve: () => ORIGIN }) }
}

test('without an edge, whoever sends again after a lost answer charges the card twice', async () => {
  const { shop, network } = await losing()
  const send = (key: string): ReturnType<ManualNetwork['send']> =>
    network.send(ORIGIN, {
      method: 'POST',
      path: '/payments/pay',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: new TextEncoder().encode(JSON.stringify(charge)),
      signal: new AbortController().signal,
      answerBytesMax: 1_000,
    })

  await assert.rejects(send('try-1'))
  await send('try-2')

  assert.equal(await shop.number('select count(*) from charge'), 2)
})

test('over an edge, a lost answer does not charge the card twice, and the caller gets the answer', async () => {
  const { shop, call } = await losing()

  const answer = await call.outcome(pay.authorize, charge)

  assert.deepEqual(answer, { kind: 'done', value: { authId: 'a1' }, degraded: false })
  assert.equal(await shop.number('select count(*) from charge'), 1)
  const replays = shop.facts.map((each) => each.fact === 'served' && each.replayed)
  assert.deepEqual(replays, [false, true])
})

test('over an edge, a lost refusal is the same refusal when it is asked for again', async () => {
  const { shop, call } = await losing()

  const answer = await call.outcome(pay.authorize, { orderId: 'o1', cents: 100_001 })

  assert.deepEqual(answer, {
    kind: 'refused',
    refusal: { code: 'declined', data: { reason: 'over the limit' } },
  })
  assert.equal(await shop.number('select count(*) from charge'), 0)
})

test('over an edge, a command without a key ends as unknown rather than being repeated', async () => {
  const { shop, call } = await losing()

  const answer = await call.outcome(pay.ping, {})

  assert.equal(answer.kind, 'unknown')
  assert.equal(await shop.number('select count(*) from ping'), 1)
})
