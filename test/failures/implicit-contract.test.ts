/**
 * S6: what crosses the boundary is convention, and the two sides remember it differently.
 *
 * Goal: a message that is not what the contract says is refused where it crosses, by name, and nothing
 * of it is written. Method: requests, answers and events in which a field is missing, renamed or of
 * another type, against a plain handler and against the real one on real SQL.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { command, contract, event, nothing } from '#model'
import { isHoldfastError } from '#errors'
import { z } from 'zod'
import { emitter } from '../../src/edge/event/emission.ts'
import { pglite } from '../support/databases.ts'
import { paymentsShop } from '../support/payments-shop.ts'
import { admitted } from './support/admitted.ts'
import { asked, type Written } from './support/plain.ts'

/** What an older or newer caller sends for `{ orderId: string, cents: whole number }`. */
const drifted = [
  { order_id: 'o1', cents: 500 },
  { orderId: 'o1', amount: 500 },
  { orderId: 'o1', cents: '500' },
  { orderId: 1, cents: 500 },
  { orderId: 'o1', cents: 5.5 },
  { orderId: 'o1', cents: { value: 500, currency: 'EUR' } },
] as const

test('by convention, the fields that the caller renamed are written as nothing', async () => {
  const written: Written[] = []

  for (const each of drifted) await asked(written, JSON.stringify(each))

  assert.equal(written.length, drifted.length)
  assert.deepEqual(written[0], { orderId: undefined, cents: 500 })
  assert.deepEqual(written[1], { orderId: 'o1', cents: undefined })
})

test('a request that breaks the contract is refused by the name of the field, and writes nothing', async () => {
  const shop = await paymentsShop()

  for (const body of drifted) {
    const { status, json, text } = await admitted(shop, { path: '/payments/authorize', body })
    assert.deepEqual([status, json['code']], [400, 'HF_INPUT_INVALID'])
    assert.match(text, /orderId|cents/)
  }
  assert.equal(await shop.number('select count(*) from charge'), 0)
})

test('an answer that breaks the contract does not leave the service, and its effect is undone', async () => {
  for (const pong of [{}, { count: '1' }, { counted: 1 }, null, 'done']) {
    const shop = await paymentsShop(pglite, { pong: () => pong })

    const { status } = await admitted(shop, { path: '/payments/ping', body: {} })

    assert.equal(status, 500)
    assert.equal(await shop.number('select count(*) from ping'), 0)
  }
})

test('an event that breaks the contract is not emitted', async () => {
  const orders = contract('orders', {
    place: command({ input: nothing }),
    placed: event({ payload: z.object({ orderId: z.string(), cents: z.int() }) }),
  })

  for (const payload of drifted) {
    const run = emitter(orders)
    run.emit['placed']?.(payload)
    await assert.rejects(run.collect(), (error) => isHoldfastError(error, 'HF_EVENT_INVALID'))
  }
})
