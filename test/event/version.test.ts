/**
 * What a consumer may refuse to run: events of a version that it does not understand yet, events that
 * it may have forgotten, and events from a clock that is wrong.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { HoldfastError, isHoldfastError } from '#errors'
import { contract, event, nothing, service, sql, system, type Upcasters, when } from '#model'
import { isoMoment, type WireResponse } from '#world'
import { forget } from '../../src/edge/event/age.ts'
import { CLOUD_EVENT, writeEnvelope } from '../../src/edge/event/envelope.ts'
import type { Message } from '../../src/edge/event/message.ts'
import { receive } from '../../src/edge/event/receive.ts'
import { judge } from '../../src/edge/event/retry.ts'
import { engines } from '../support/databases.ts'
import {
  clear,
  eventDatabase,
  incoming,
  manualWorld,
  orders,
  siteOf,
} from '../support/event-world.ts'

const DAY_MS = 86_400_000

/** `{ n }` today; `{ count }` in version 2, `{ amount }` in version 1. */
const upgraded = contract('orders', {
  placed: event({
    payload: orders.placed.payload,
    version: 3,
    upcast: {
      1: (old) => ({ count: Reflect.get(Object(old), 'amount') }),
      2: (old) => ({ key: 'k', n: Reflect.get(Object(old), 'count') }),
    },
  }),
})

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const world = manualWorld()
  const nowMs = world.clock.wallMs()

  const consumer = (producer: Pick<typeof upgraded, '~contract' | 'placed'> = upgraded) => {
    const db = sql({ migrations: new URL('file:///nowhere/') })
    const inventory = service(contract('inventory', {}), db, {
      handle: {},
      when: [
        when(producer.placed, async ({ tx, event: step }) => {
          await tx.query('insert into seen (key, n) values ($1, $2)', [step.key, step.n])
        }),
      ],
    })
    const whole = system('shop', { services: [service(producer, db, { handle: {} }), inventory] })
    return siteOf({ system: whole, service: inventory }, { world, database })
  }

  const post = (
    site: ReturnType<typeof consumer>,
    some: Partial<Message>,
  ): Promise<WireResponse> => {
    const message: Message = {
      id: '019a0000-0000-7000-8000-000000000001',
      edge: 'orders>inventory',
      event: 'orders.placed',
      key: 'k',
      payload: { key: 'k', n: 1 },
      time: isoMoment(nowMs),
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      attempt: 1,
      ...some,
    }
    return receive(
      site,
      incoming(writeEnvelope(message, 'orders'), { 'content-type': CLOUD_EVENT }),
    )
  }

  const seen = async (): Promise<number[]> => {
    const { rows } = await database.query<{ n: number }>('select n from seen')
    return rows.map((row) => row.n)
  }

  describe(`versions and age on ${engine.name}`, () => {
    beforeEach(() => clear(database))

    test('W1: an older version is brought up to date, step by step', async () => {
      const answer = await post(consumer(), { version: 1, payload: { amount: 42 } })

      assert.deepEqual([answer.status, await seen()], [204, [42]])
    })

    test('an event that says no version is of the first', async () => {
      await post(consumer(), { payload: { amount: 7 } })

      assert.deepEqual(await seen(), [7])
    })

    test('W2: a newer version waits, however often it comes', async () => {
      const answer = await post(consumer(), { version: 4 })

      assert.deepEqual(codeOf(answer), [503, 'HF_EVENT_TOO_NEW'])
      assert.deepEqual(await seen(), [])
    })

    test('an older version without an upcaster is refused by name', async () => {
      const site = consumer(
        contract('orders', {
          placed: event({
            payload: orders.placed.payload,
            version: 3,
            upcast: { 2: (old) => old },
          }),
        }),
      )

      const answer = await post(site, { version: 1 })

      assert.deepEqual(codeOf(answer), [400, 'HF_EVENT_INVALID'])
    })

    test('G1: an event that may have been forgotten is refused, and nothing is run', async () => {
      const answer = await post(consumer(), {
        version: 3,
        time: isoMoment(nowMs - 8 * DAY_MS),
      })

      assert.deepEqual(codeOf(answer), [410, 'HF_EVENT_EXPIRED'])
      assert.deepEqual(await seen(), [])
    })

    test('G1: the refusal begins before the forgetting, by more than clocks may differ', async () => {
      const young = await post(consumer(), { version: 3, time: isoMoment(nowMs - 6.9 * DAY_MS) })
      const old = await post(consumer(), {
        id: 'another',
        version: 3,
        time: isoMoment(nowMs - 7 * DAY_MS + 100_000),
      })

      assert.deepEqual([young.status, old.status], [204, 410])
    })

    test('G2: the inbox forgets events after seven days, and no answers to calls', async () => {
      await post(consumer(), { version: 3 })
      await database.query(
        `insert into hf.inbox (scope, id, at) values
           ('event:orders>inventory', 'old', clock_timestamp() - interval '7 days 1 minute'),
           ('event:orders>inventory', 'young', clock_timestamp() - interval '6 days 23 hours'),
           ('call:orders.place:web', 'old', clock_timestamp() - interval '8 days')`,
      )

      const count = await forget(database)

      const { rows } = await database.query(`select id from hf.inbox where id in ('old', 'young')`)
      assert.equal(count, 1)
      assert.equal(rows.length, 2)
    })

    test('a producer whose clock is an hour ahead is told so, and its event waits', async () => {
      const stamp = (nowMs + 3_600_000).toString(16).padStart(12, '0').concat('0000')
      const site = consumer()

      const answer = await post(site, { version: 3, stamp })

      assert.deepEqual(codeOf(answer), [503, 'HF_CLOCK_SKEW'])
      assert.ok(site.facts.some((each) => each.fact === 'failed' && each.code === 'HF_CLOCK_SKEW'))
    })
  })
}

test('J1: what its consumer calls too old is dead at once', () => {
  const random = { float: () => 0, bytes: () => new Uint8Array() }

  const verdict = judge(new HoldfastError('HF_EVENT_EXPIRED', { detail: 'old' }), 0, random)

  assert.equal(verdict.verdict, 'dead')
})

const declare = (version: number, upcast: Upcasters) => event({ payload: nothing, version, upcast })

const isRefused = (error: unknown): boolean => isHoldfastError(error, 'HF_DECLARATION_INVALID')

test('a version without a step towards it is refused when it is declared', () => {
  assert.throws(() => declare(0, {}), isRefused)
  assert.throws(() => declare(3, { 1: (old) => old }), isRefused)
  assert.throws(() => declare(2, { 2: (old) => old }), isRefused)
  assert.equal(declare(3, { 2: (old) => old }).version, 3)
})

function codeOf({ status, body }: WireResponse): [number, unknown] {
  const problem: unknown = JSON.parse(new TextDecoder().decode(body))
  return [status, Reflect.get(Object(problem), 'code')]
}
