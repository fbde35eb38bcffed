/**
 * Dead letters in the hand of an operator, and what they do to their key meanwhile.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { listDead, redrive, relay, showDead, skip } from '#edge'
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

const KILL_FIRST = `update hf.outbox set due_at = 'infinity', attempts = 12, error = 'poison'
  where edge = '${EDGE}' and (body ->> 'n')::int = 1`

const operator = { by: 'ada', reason: 'order was cancelled by phone' }

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  /** Orders, with three events of one key, the first of them dead. */
  const withDead = async (): Promise<string> => {
    const { system, orders: service } = eventSystem()
    await emitSteps(
      siteOf({ system, service }, { world: manualWorld(), database }),
      'placed',
      counted('k', 3),
    )
    await database.query(`delete from hf.outbox where edge <> '${EDGE}'`)
    await database.query(KILL_FIRST)
    const [letter] = await listDead(database)
    return letter?.id ?? ''
  }

  const audit = async (): Promise<unknown[]> => {
    const { rows } = await database.query<{ reply: string }>(
      `select reply from hf.inbox where scope = 'dead:${EDGE}'`,
    )
    return rows.map(({ reply }): unknown => JSON.parse(reply))
  }

  describe(`dead letters on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('a dead letter is shown with its payload and what waits for it', async () => {
      const id = await withDead()

      const [letter] = await showDead(database, id)

      assert.deepEqual([letter?.payload, letter?.holdsUp], [{ key: 'k', n: 1 }, 2])
      assert.deepEqual(await showDead(database, 'no such id'), [])
      assert.deepEqual(await showDead(database, id, 'orders>mail'), [])
    })

    test('K2: what was skipped is gone, its key goes on, and who did it why is kept', async () => {
      const id = await withDead()
      const world = manualWorld()
      const broker = recorder()
      relays.start(broker, world)

      const count = await skip(database, { id }, operator)
      await until(world, async () => (await waiting(database)) === 0)

      assert.equal(count, 1)
      assert.deepEqual(steps(broker, EDGE), counted('k', 3).slice(1))
      assert.deepEqual(await audit(), [
        {
          action: 'skip',
          ...operator,
          key: 'k',
          event: 'orders.placed',
          payload: { key: 'k', n: 1 },
        },
      ])
    })

    test('K1, K2: what is redriven comes before what waited for it, each time on record', async () => {
      const id = await withDead()
      const world = manualWorld()
      const broker = recorder()

      await redrive(database, { id }, operator)
      await database.query(KILL_FIRST)
      await redrive(database, { id }, operator)
      relays.start(broker, world)
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(steps(broker, EDGE), counted('k', 3))
      assert.equal((await audit()).length, 2)
    })

    test('only what is dead can be skipped', async () => {
      await withDead()

      const count = await skip(database, { edge: EDGE }, operator)

      assert.deepEqual([count, await waiting(database)], [1, 2])
    })

    test('Q2: a dead letter halts its key by default, and not where its subscriber said skip', async () => {
      for (const dead of ['halt', 'skip'] as const) {
        // oxlint-disable no-await-in-loop -- one after the other, in one database.
        await clear(database)
        await withDead()
        const world = manualWorld()
        const broker = recorder()
        const { system, orders: service } = eventSystem(() => {}, { dead })
        const relaying = relay(siteOf({ system, service }, { world, database }), broker)

        relaying.start()
        await emitSteps(siteOf({ system, service }, { world, database }), 'noted', [
          { key: '', n: 9 },
        ])
        await until(world, () => broker.sent.some(({ event }) => event === 'orders.noted'))
        await until(world, async () => (await waiting(database)) === (dead === 'halt' ? 3 : 1))
        await relaying.stop()

        const placed = steps(broker, EDGE).filter(({ n }) => n < 9)
        assert.deepEqual(placed, dead === 'halt' ? [] : counted('k', 3).slice(1))
        // oxlint-enable no-await-in-loop
      }
    })
  })
}
