/**
 * What HTTP push says about a single delivery: R1 and R2 of `src/edge/event/broker.ts`, to the code and
 * the effect of each failure. What it shares with other brokers stands in `broker-suite.ts`.
 *
 * The broker stands between a test and a real consumer with a real database.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { HoldfastError } from '#errors'
import type { WireResponse } from '#world'
import type { Broker } from '../../src/edge/event/broker.ts'
import type { Message } from '../../src/edge/event/message.ts'
import { httpPush } from '../../src/edge/event/push.ts'
import { receive } from '../../src/edge/event/receive.ts'
import { engines } from '../support/databases.ts'
import {
  clear,
  eventDatabase,
  eventSystem,
  incoming,
  manualWorld,
  type ManualWorld,
  siteOf,
  type Step,
} from '../support/event-world.ts'

const noted: Message = {
  id: '019a0000-0000-7000-8000-000000000001',
  edge: 'orders>inventory',
  event: 'orders.noted',
  key: '',
  payload: { key: 'a "quoted" é 🙂 key', n: 1 },
  time: '2026-01-01T00:00:00.000Z',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  attempt: 1,
}

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())

  /** HTTP push to a consumer whose handler ends with `consume`. */
  const push = (consume: (step: Step) => void = () => {}): Broker => {
    const { system, inventory, orders } = eventSystem(consume)
    const consumer = siteOf({ system, service: inventory }, { world: manualWorld(), database })
    const world = manualWorld({
      send: (_, { body, headers }) =>
        receive(consumer, incoming(body ?? new Uint8Array(), headers)),
    })
    return httpPush(siteOf({ system, service: orders }, { world, database }))
  }

  async function seen(): Promise<number[]> {
    const { rows } = await database.query<{ n: number }>('select n from seen order by place')
    return rows.map((row) => row.n)
  }

  describe(`HTTP push, ${engine.name}`, () => {
    beforeEach(() => clear(database))

    test('R1: a message is acknowledged once its effect is committed', async () => {
      await push().deliver('inventory', noted, 1_000)

      assert.deepEqual(await seen(), [1])
    })

    test('R1: a duplicate is acknowledged and has no second effect', async () => {
      const broker = push()

      await broker.deliver('inventory', noted, 1_000)
      await broker.deliver('inventory', { ...noted, attempt: 2 }, 1_000)

      assert.deepEqual(await seen(), [1])
    })

    test('R1: a handler that throws is not acknowledged, and leaves nothing behind', async () => {
      const broker = push(() => {
        throw new Error('password=hunter2')
      })

      const failure = await failureOf(broker.deliver('inventory', noted, 1_000))

      assert.equal(failure.code, 'HF_HANDLER_FAILED')
      assert.equal(failure.effect, 'none')
      assert.doesNotMatch(JSON.stringify([failure.message, failure.detail]), /hunter2/)
      assert.deepEqual(await seen(), [])
      assert.equal((await database.query('select 1 from hf.inbox')).rows.length, 0)
    })

    test('a message that failed is consumed when it comes again', async () => {
      let isBroken = true
      const broker = push(() => {
        if (isBroken) throw new Error('broken')
      })
      await failureOf(broker.deliver('inventory', noted, 1_000))

      isBroken = false
      await broker.deliver('inventory', { ...noted, attempt: 2 }, 1_000)

      assert.deepEqual(await seen(), [1])
    })

    test('an event without a subscription is refused by name', async () => {
      const message = { ...noted, event: 'orders.unheard' }

      const failure = await failureOf(push().deliver('inventory', message, 1_000))

      assert.equal(failure.code, 'HF_EVENT_UNKNOWN')
    })

    test('a payload that breaks the contract is refused with what is wrong', async () => {
      const message = { ...noted, payload: { key: 'a' } }

      const failure = await failureOf(push().deliver('inventory', message, 1_000))

      assert.equal(failure.code, 'HF_EVENT_INVALID')
      assert.match(failure.detail, /n: not an order/)
    })
  })
}

const over = (world: ManualWorld): Broker => {
  const { system, orders: service } = eventSystem()
  // No statement is sent in this group.
  const database = undefined as never
  return httpPush(siteOf({ system, service }, { world, database }))
}

describe('HTTP push, without a consumer', () => {
  test('R2: it rejects at the time limit, and says that the effect is unknown', async () => {
    const world = manualWorld({
      send: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () =>
            reject(new HoldfastError('HF_CALL_LOST', { detail: 'aborted' })),
          )
        }),
    })

    const delivery = failureOf(over(world).deliver('inventory', noted, 700))
    world.advance(700)
    const failure = await delivery

    assert.equal(failure.code, 'HF_CALL_TIMEOUT')
    assert.equal(failure.effect, 'unknown')
    assert.match(failure.message, /700 ms/)
  })

  test('what the network says about a message that was not sent is passed on', async () => {
    const unsent = new HoldfastError('HF_CALL_NOT_SENT', { detail: 'nobody listens' })
    const world = manualWorld({ send: () => Promise.reject(unsent) })

    assert.equal(await failureOf(over(world).deliver('inventory', noted, 700)), unsent)
  })

  test('an answer that is no problem document is unknown, and its Retry-After is kept', async () => {
    const answer: WireResponse = {
      status: 503,
      headers: { 'content-type': 'text/html', 'retry-after': '7' },
      body: new TextEncoder().encode('<h1>Service Unavailable</h1>'),
    }
    const world = manualWorld({ send: async () => answer })

    const failure = await failureOf(over(world).deliver('inventory', noted, 700))

    assert.equal(failure.code, 'HF_EVENT_UNDELIVERED')
    assert.equal(failure.effect, 'unknown')
    assert.equal(failure.retryAfterMs, 7_000)
  })
})

async function failureOf(delivery: Promise<void>): Promise<HoldfastError> {
  try {
    await delivery
  } catch (error) {
    assert.ok(error instanceof HoldfastError)
    return error
  }
  return assert.fail('it was acknowledged')
}
