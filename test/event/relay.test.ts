/**
 * What the relay delivers, when, and that nothing ends it but `stop`.
 *
 * Method: the databases are real; the consumer is a function of the test, or the real `receive` behind
 * a network of the test. Waits in the database (`due_at`, leases) are cut short by SQL, never slept.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { HoldfastError } from '#errors'
import type { Database } from '#state'
import { flush } from '../../src/edge/event/outbox.ts'
import { engines } from '../support/databases.ts'
import { EDGE, Relays, counted, recorder, steps } from '../support/event-relays.ts'
import {
  clear,
  emitSteps,
  eventDatabase,
  eventSystem,
  manualWorld,
  siteOf,
  until,
  waiting,
} from '../support/event-world.ts'

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  describe(`relay on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('a committed event reaches each subscriber once and leaves the outbox', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { site } = relays.start(broker, world)

      await emitSteps(site, 'placed', [{ key: 'a', n: 1 }])
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(
        broker.sent
          .map(({ edge, payload }) => [edge, payload])
          .toSorted(([left], [right]) => (String(left) < String(right) ? -1 : 1)),
        [
          ['orders>inventory', { key: 'a', n: 1 }],
          ['orders>mail', { key: 'a', n: 1 }],
        ],
      )
      const delivered = site.facts.filter((each) => each.fact === 'delivered')
      assert.deepEqual(
        delivered.map(({ attempts, event }) => [attempts, event]),
        [
          [1, 'orders.placed'],
          [1, 'orders.placed'],
        ],
      )
    })

    test('a message of which nobody told the relay is found by looking', async () => {
      const world = manualWorld()
      const broker = recorder()
      relays.start(broker, world)
      await until(world, () => world.clock.monotonicMs() > 100)
      const { system, orders: service } = eventSystem()
      const silent = siteOf({ system, service }, { world: manualWorld(), database })

      await emitSteps(silent, 'placed', [{ key: 'k', n: 1 }])
      const fromMs = world.clock.monotonicMs()
      await until(world, () => steps(broker, EDGE).length === 1)

      const waitedMs = world.clock.monotonicMs() - fromMs
      assert.ok(waitedMs <= 1_100, `${waitedMs} ms`)
    })

    test('Y1: a message stands in the outbox until its consumer acknowledged it', async () => {
      const world = manualWorld()
      const inOutbox: number[] = []
      const broker = recorder(async () => {
        inOutbox.push(await waiting(database))
      })
      const { site } = relays.start(broker, world)

      await emitSteps(site, 'noted', [{ key: '', n: 1 }])
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(inOutbox, [1])
    })

    test('a handler that threw delivers nothing, and the outbox does not mention it', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { site } = relays.start(broker, world)

      await assert.rejects(
        database.transaction({ timeoutMs: 5_000 }, async (tx) => {
          await flush(site, tx, [{ event: 'placed', key: 'a', payload: { key: 'a', n: 1 } }])
          throw new Error('no')
        }),
      )
      await emitSteps(site, 'placed', [{ key: 'a', n: 2 }])
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(steps(broker, EDGE), [{ key: 'a', n: 2 }])
    })

    test('a message for later is sent when it is due, and holds up nobody before', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { site } = relays.start(broker, world)
      await database.transaction({ timeoutMs: 5_000 }, async (tx) => {
        await flush(site, tx, [{ event: 'noted', key: '', payload: { key: '', n: 1 } }])
        await tx.query(`update hf.outbox set due_at = clock_timestamp() + interval '1 hour'`)
      })

      await emitSteps(site, 'noted', [{ key: '', n: 2 }])
      await until(world, async () => (await waiting(database)) === 1)
      const early = steps(broker, EDGE)
      await relays.makeDue()
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(early, [{ key: '', n: 2 }])
      assert.deepEqual(steps(broker, EDGE).at(-1), { key: '', n: 1 })
    })

    test('Y5: a consumer that never answers does not hold up another', async () => {
      const world = manualWorld()
      const gate = Promise.withResolvers<void>()
      const broker = recorder(({ edge }) => (edge === EDGE ? gate.promise : undefined))
      const { site } = relays.start(broker, world)

      await emitSteps(site, 'placed', counted('k', 10))
      await until(world, () => steps(broker, 'orders>mail').length === 10)

      assert.equal(steps(broker, EDGE).length, 1)
      gate.resolve()
    })

    test('Y6: the relay outlives a database that fails', async () => {
      const world = manualWorld({ float: 0.5 })
      let failures = 0
      const sick: Database = {
        exclusive: database.exclusive,
        query: async (text, params, options) => {
          if (failures < 5) {
            failures += 1
            throw new HoldfastError('HF_DB_UNREACHABLE', { detail: 'the test says so' })
          }
          return database.query(text, params, options)
        },
        transaction: (options, work) => database.transaction(options, work),
        close: () => database.close(),
      }
      const broker = recorder()
      const { site } = relays.start(broker, world, sick)

      await emitSteps(site, 'noted', [{ key: '', n: 1 }])
      await until(world, async () => (await waiting(database)) === 0)

      assert.equal(steps(broker, EDGE).length, 1)
      const failed = site.facts.filter((each) => each.fact === 'failed')
      assert.deepEqual(
        failed.map((each) => each.code),
        Array.from({ length: 5 }, () => 'HF_DB_UNREACHABLE'),
      )
    })

    test('stop finishes what is in the air and gives its leases to the next', async () => {
      const world = manualWorld()
      const gate = Promise.withResolvers<void>()
      const first = recorder(() => gate.promise)
      const { site, relay: stopping } = relays.start(first, world)
      await emitSteps(site, 'placed', counted('k', 2))
      await until(world, () => steps(first, EDGE).length === 1 && first.sent.length === 2)

      const stopped = stopping.stop()
      gate.resolve()
      await stopped
      const left = await waiting(database)
      const { rows: held } = await database.query(
        'select name from hf.lease where expires_at >= clock_timestamp()',
      )
      const second = recorder()
      relays.start(second, world)
      await until(world, async () => (await waiting(database)) === 0)

      assert.equal(left, 2)
      assert.deepEqual(held, [])
      assert.deepEqual(steps(second, EDGE), [{ key: 'k', n: 2 }])
    })

    test('U2: a relay that lost a partition and got it back does not go on where it was', async () => {
      const world = manualWorld()
      const gate = Promise.withResolvers<void>()
      const broker = recorder(() => gate.promise)
      const { site } = relays.start(broker, world)
      const acquired = () =>
        site.facts.filter((each) => each.fact === 'lease' && each.change === 'acquired').length
      await emitSteps(site, 'placed', counted('k', 5))
      await until(world, () => broker.sent.length === 2)
      const before = acquired()

      // Another relay had the partitions meanwhile, delivered all that followed, and ended.
      await database.query(`update hf.lease set holder = 'another', expires_at = '-infinity'`)
      await database.query(`delete from hf.outbox where (body ->> 'n')::int > 1`)
      await until(world, () => acquired() === 2 * before)
      gate.resolve()
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(steps(broker, EDGE), counted('k', 1))
    })

    test('Y3: a relay whose lease ran out in a pause does not send the rest of its batch', async () => {
      const world = manualWorld()
      const pause = Promise.withResolvers<void>()
      const slow = recorder(() => pause.promise)
      const { site } = relays.start(slow, world)
      await emitSteps(site, 'placed', counted('k', 5))
      await until(world, () => steps(slow, EDGE).length === 1)

      await database.query(`update hf.lease set holder = 'another', token = token + 1`)
      world.advance(60_000)
      pause.resolve()
      await until(world, async () => (await waiting(database)) === 8)

      assert.deepEqual(steps(slow, EDGE), counted('k', 1))
    })
  })
}
