/**
 * What failures leave behind: retries, duplicates, dead letters, and their way back.
 *
 * Method: the databases are real; the consumer is a function of the test, or the real `receive` behind
 * a network of the test. Waits in the database (`due_at`, leases) are cut short by SQL, never slept.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { HoldfastError } from '#errors'
import type { Database } from '#state'
import { listDead, redrive } from '../../src/edge/event/dead-letter.ts'
import { httpPush } from '../../src/edge/event/push.ts'
import { receive } from '../../src/edge/event/receive.ts'
import { engines } from '../support/databases.ts'
import { EDGE, Relays, counted, recorder, steps } from '../support/event-relays.ts'
import {
  clear,
  type Consume,
  emitSteps,
  eventDatabase,
  eventSystem,
  incoming,
  manualWorld,
  type ManualWorld,
  siteOf,
  type Step,
  until,
  waiting,
} from '../support/event-world.ts'

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  async function seen(): Promise<unknown[]> {
    return (await database.query('select key, n from seen order by place')).rows
  }

  describe(`redelivery on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('a poisoned message halts its key only, and is dead after twelve attempts', async () => {
      const world = manualWorld({ float: 0.002 })
      const broker = recorder(({ payload }) => {
        if (isPoison(payload)) throw new HoldfastError('HF_HANDLER_FAILED', { detail: 'poison' })
      })
      const { site } = relays.start(broker, world)

      await emitSteps(site, 'placed', [
        { key: 'bad', n: -1 },
        ...counted('bad', 3),
        ...counted('good', 3),
      ])
      await until(world, async () => {
        await relays.makeDue()
        return (await listDead(database, { edge: EDGE })).length === 1
      })
      await until(world, () => steps(broker, EDGE).filter(({ key }) => key === 'good').length === 3)

      const sent = steps(broker, EDGE)
      assert.deepEqual(
        sent.filter(({ key }) => key === 'good'),
        counted('good', 3),
      )
      assert.equal(sent.filter(({ key }) => key === 'bad').length, 12)
      const [dead] = await listDead(database, { edge: EDGE })
      assert.deepEqual(
        [dead?.event, dead?.key, dead?.attempts, dead?.error],
        ['orders.placed', 'bad', 12, 'HF_HANDLER_FAILED: poison'],
      )
    })

    test('K1: what is redriven comes before whatever its key emitted after it', async () => {
      const world = manualWorld({ float: 0.002 })
      let isHealed = false
      const broker = recorder(({ payload }) => {
        if (isPoison(payload) && !isHealed) throw new Error('still broken')
      })
      const { site } = relays.start(broker, world)
      await emitSteps(site, 'placed', [{ key: 'k', n: -1 }, ...counted('k', 3)])
      await until(world, async () => {
        await relays.makeDue()
        return (await listDead(database)).length === 2
      })
      await emitSteps(site, 'placed', [{ key: 'k', n: 4 }])

      // Counted first: the relay may be faster than the answer of `redrive`.
      const before = steps(broker, EDGE).length
      isHealed = true
      const redriven = await redrive(database, { edge: EDGE })
      await until(world, () => steps(broker, EDGE).length === before + 5)

      assert.equal(redriven, 1)
      assert.deepEqual(
        steps(broker, EDGE)
          .slice(before)
          .map(({ n }) => n),
        [-1, 1, 2, 3, 4],
      )
      assert.equal((await listDead(database)).length, 1)
    })

    test('a crash between delivery and deletion costs a duplicate, which the inbox swallows', async () => {
      const world = manualWorld({ send: consumer(database) })
      const { system, orders: service } = eventSystem()
      const site = siteOf({ system, service }, { world, database })
      const real = httpPush(site)
      const grave = Promise.withResolvers<void>()
      const dying = recorder(async (message) => {
        await real.deliver('inventory', message, 1_000)
        await grave.promise
      })
      relays.start(dying, world)
      await emitSteps(site, 'noted', [{ key: '', n: 1 }])
      await until(world, async () => (await seen()).length === 1)

      await database.query(`update hf.lease set expires_at = '-infinity'`)
      const { site: next } = relays.start(real, world)
      await until(world, async () => (await waiting(database)) === 0)
      grave.resolve()

      assert.ok(next.facts.some((each) => each.fact === 'delivered'))
      assert.deepEqual(await seen(), [{ key: '', n: 1 }])
    })

    test('a consumer that is away costs no message an attempt, however long it is away', async () => {
      const world = manualWorld({ float: 0.1 })
      let tries = 0
      let isAway = true
      const broker = recorder(() => {
        tries += 1
        if (isAway) throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'nobody listens' })
      })
      const { site } = relays.start(broker, world)
      await emitSteps(site, 'noted', [{ key: '', n: 1 }])
      await until(world, () => tries >= 20)

      const { rows } = await database.query('select attempts, error, due_at from hf.outbox')
      isAway = false
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(rows, [{ attempts: 0, error: null, due_at: null }])
    })
  })
}

function isPoison(payload: unknown): boolean {
  // The payloads of this file are steps.
  return (payload as Step).n < 0
}

/** A network that leads to the real consumer, over the same database. */
function consumer(database: Database, consume?: Consume): ManualWorld['network']['send'] {
  const { system, inventory: service } = eventSystem(consume)
  const site = siteOf({ system, service }, { world: manualWorld(), database })
  return (_, { body, headers }) => receive(site, incoming(body ?? new Uint8Array(), headers))
}
