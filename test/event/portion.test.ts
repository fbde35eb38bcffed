/**
 * Events that are sent together: what one transaction does for many, and what one of them can spoil.
 *
 * Method: orders relays over the real HTTP push to a real `receive`, through a network of the test.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { HoldfastError } from '#errors'
import { httpPush } from '../../src/edge/event/push.ts'
import { receive } from '../../src/edge/event/receive.ts'
import { engines } from '../support/databases.ts'
import { counted, Relays } from '../support/event-relays.ts'
import {
  type Consume,
  clear,
  emitSteps,
  eventDatabase,
  eventSystem,
  incoming,
  type ManualWorld,
  manualWorld,
  siteOf,
  until,
  waiting,
} from '../support/event-world.ts'

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  /** Starts orders' relay; every service it sends to is inventory, or answers 204 in its place. */
  const start = (consume: Consume, loses: (request: number) => boolean = () => false) => {
    const { system, inventory, orders } = eventSystem(consume)
    const sent: number[] = []
    const consumer = siteOf({ system, service: inventory }, { world: manualWorld(), database })
    const world: ManualWorld = manualWorld({
      send: async (origin, { body, headers }) => {
        if (origin !== 'http://inventory') {
          return { status: 204, headers: {}, body: new Uint8Array() }
        }
        const text = new TextDecoder().decode(body)
        sent.push(text.startsWith('[') ? JSON.parse(text).length : 1)
        const answer = await receive(consumer, incoming(body ?? '', headers))
        if (!loses(sent.length)) return answer
        throw new HoldfastError('HF_CALL_LOST', { detail: 'lost by the test' })
      },
    })
    const push = httpPush(siteOf({ system, service: orders }, { world, database }))
    const { site } = relays.start(push, world)
    return { site, world, sent, consumer }
  }

  const seen = async (): Promise<number[]> => {
    const { rows } = await database.query<{ n: number }>('select n from seen order by place')
    return rows.map((row) => row.n)
  }

  /** Nothing stands in the outbox of orders any more, but for what is dead. */
  const isDone = async (): Promise<boolean> => {
    const { rows } = await database.query(
      `select 1 from hf.outbox where edge like 'orders>%' and due_at is distinct from 'infinity'`,
    )
    return rows.length === 0
  }

  describe(`portions on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('R3: many events of a key go in one request and take effect in their order', async () => {
      const { site, world, sent } = start(() => {})

      await emitSteps(site, 'placed', counted('k', 60))
      await until(world, isDone)

      assert.deepEqual(
        await seen(),
        counted('k', 60).map(({ n }) => n),
      )
      assert.ok(sent.length <= 2, `${sent.length} requests for 60 events`)
    })

    test('C4: a poison event is found, and what was sent with it has its effect once', async () => {
      const { site, world } = start(({ n }) => {
        if (n === 7) throw new Error('poison')
      })
      const steps = Array.from({ length: 20 }, (_, n) => ({ key: `k${n}`, n }))

      await emitSteps(site, 'placed', steps)
      await until(world, async () => {
        await relays.makeDue()
        return isDone()
      })

      const expected = steps.map(({ n }) => n).filter((n) => n !== 7)
      assert.deepEqual(
        (await seen()).toSorted((a, b) => a - b),
        expected,
      )
      const { rows } = await database.query<{ key: string }>(
        `select key from hf.outbox where due_at = 'infinity' and edge = 'orders>inventory'`,
      )
      assert.deepEqual(rows, [{ key: 'k7' }])
    })

    test('J1: an event that fails alone is sent twelve times, and not once more', async () => {
      const { site, world, sent } = start(() => {
        throw new Error('poison')
      })

      await emitSteps(site, 'placed', [{ key: 'k', n: 1 }])
      await until(world, () =>
        site.facts.some((each) => each.fact === 'undelivered' && each.retryInMs === undefined),
      )

      assert.equal(sent.length, 12)
    })

    test('C2: a portion whose answer was lost has its effects once', async () => {
      const { site, world } = start(
        () => {},
        (request) => request <= 3,
      )

      await emitSteps(site, 'placed', counted('k', 10))
      await until(world, async () => {
        await relays.makeDue()
        return isDone()
      })

      assert.deepEqual(
        await seen(),
        counted('k', 10).map(({ n }) => n),
      )
    })

    test('each event of a portion has the trace of its own emission', async () => {
      const { site, world, consumer } = start(() => {})

      await emitSteps(site, 'placed', [{ key: 'a', n: 1 }])
      await emitSteps(site, 'placed', [{ key: 'a', n: 2 }])
      await until(world, isDone)

      const traces = (facts: typeof site.facts, fact: 'emitted' | 'consumed') =>
        facts.flatMap((each) =>
          each.fact === fact && 'id' in each ? [[each.id, each.traceId]] : [],
        )
      assert.deepEqual(traces(consumer.facts, 'consumed'), traces(site.facts, 'emitted'))
    })

    test('a consumer that is away is left alone, and no row is touched', async () => {
      const { system, orders } = eventSystem()
      let isAway = true
      const world = manualWorld({
        send: async () => {
          if (isAway) throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'nobody listens' })
          return { status: 204, headers: {}, body: new Uint8Array() }
        },
      })
      const { site } = relays.start(
        httpPush(siteOf({ system, service: orders }, { world, database })),
        world,
      )
      await emitSteps(site, 'placed', counted('k', 10))

      await until(world, () => site.facts.some((each) => each.fact === 'undelivered'))
      const { rows } = await database.query('select max(attempts) as most from hf.outbox')
      isAway = false
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(rows, [{ most: 0 }])
    })
  })
}
