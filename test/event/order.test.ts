/**
 * Order per key, whatever commits late, fails or is relayed twice.
 *
 * Method: the databases are real; the consumer is a function of the test, or the real `receive` behind
 * a network of the test. Waits in the database (`due_at`, leases) are cut short by SQL, never slept.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { flush } from '../../src/edge/event/outbox.ts'
import { partitionOf } from '../../src/edge/event/partition.ts'
import { engines } from '../support/databases.ts'
import { EDGE, Relays, counted, recorder, steps } from '../support/event-relays.ts'
import {
  clear,
  emitSteps,
  eventDatabase,
  eventSystem,
  manualWorld,
  siteOf,
  HELD_MS,
  until,
  waiting,
} from '../support/event-world.ts'

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  describe(`order on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('Q2: a key whose failed message is beyond the batch does not run ahead of it', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { system, orders: service } = eventSystem()
      const site = siteOf({ system, service }, { world, database })
      const [first = '', ...others] = keysOfPart(150)
      const more = others.map((key) => ({ key, n: 1 }))
      await emitSteps(site, 'placed', [...counted(first, 2), ...more])
      // Everything failed once and is due again, the key in question the least urgently.
      await database.query(
        `update hf.outbox set attempts = 1, error = 'x',
           due_at = clock_timestamp() - case when key = $1 then interval '1 s' else interval '1 m' end
         where (body ->> 'n')::int = 1`,
        [first],
      )

      relays.start(broker, world)
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(
        steps(broker, EDGE).filter(({ key }) => key === first),
        counted(first, 2),
      )
    })

    test('two relays send each partition in order, and only one of them at a time', async () => {
      const world = manualWorld()
      const broker = recorder()
      const one = relays.start(broker, world)
      relays.start(broker, world)

      for (let n = 1; n <= 20; n += 1) {
        await emitSteps(
          one.site,
          'placed',
          ['a', 'b', 'c', 'd', 'e'].map((key) => ({ key, n })),
        )
      }
      await until(world, async () => (await waiting(database)) === 0)

      for (const key of ['a', 'b', 'c', 'd', 'e']) {
        assert.deepEqual(
          steps(broker, EDGE).filter((step) => step.key === key),
          counted(key, 20),
        )
      }
    })

    if (!engine.isConcurrent) return

    test('a row that drew its number early and commits late is delivered', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { site } = relays.start(broker, world)
      const gate = Promise.withResolvers<void>()
      const drawn = Promise.withResolvers<void>()
      const late = database.transaction({ timeoutMs: HELD_MS }, async (tx) => {
        await flush(site, tx, [{ event: 'placed', key: 'a', payload: { key: 'a', n: 1 } }])
        drawn.resolve()
        await gate.promise
      })
      await drawn.promise

      await emitSteps(
        site,
        'placed',
        ['b', 'c', 'd', 'e', 'f'].map((key) => ({ key, n: 1 })),
      )
      await until(world, () => steps(broker, EDGE).length === 5)
      gate.resolve()
      await late
      await until(world, () => steps(broker, EDGE).length === 6)

      assert.deepEqual(steps(broker, EDGE).at(-1), { key: 'a', n: 1 })
    })

    test('X2: whoever began first but emits for a key second is delivered second', async () => {
      const world = manualWorld()
      const broker = recorder()
      const { orders: service, system } = eventSystem()
      const site = siteOf({ service, system }, { world, database })

      const begun = Promise.withResolvers<void>()
      const gate = Promise.withResolvers<void>()
      const late = database.transaction({ timeoutMs: HELD_MS }, async (tx) => {
        // Its first write draws the transaction's number, long before it emits.
        await tx.query(`insert into seen (key, n) values ('other', 0)`)
        begun.resolve()
        await gate.promise
        await flush(site, tx, [{ event: 'placed', key: 'k', payload: { key: 'k', n: 2 } }])
      })
      await begun.promise
      await emitSteps(site, 'placed', [{ key: 'k', n: 1 }])
      gate.resolve()
      await late
      relays.start(broker, world)
      await until(world, async () => (await waiting(database)) === 0)

      assert.deepEqual(steps(broker, EDGE), counted('k', 2))
    })

    test('per key in the order of commits, with many writers and the relay at work', async () => {
      const world = manualWorld()
      const sent: { key: string; seq: number }[] = []
      const broker = recorder(async ({ id, edge, key }) => {
        if (edge !== EDGE) return
        const { rows } = await database.query<{ seq: number }>(
          'select seq::int from hf.outbox where id = $1 and edge = $2',
          [id, edge],
        )
        sent.push({ key, seq: rows[0]?.seq ?? -1 })
      })
      const { site } = relays.start(broker, world)
      const write = async (n: number) => {
        const key = `k${n % 3}`
        await database
          .transaction({ timeoutMs: 20_000, lockTimeoutMs: 20_000 }, async (tx) => {
            await flush(site, tx, [{ event: 'placed', key, payload: { key, n } }])
            // Some are slow to commit: without the lock of the key, others would pass them.
            await tx.query('select pg_sleep(case when $1 then 0.04 else 0 end)', [n % 5 === 0])
            if (n % 20 === 7) throw new Error('rolled back')
          })
          .catch(() => {})
        site.wake()
      }

      const writers = Array.from({ length: 6 }, async (_, writer) => {
        for (let n = writer; n < 120; n += 6) await write(n)
      })
      let isWritten = false
      const all = Promise.all(writers).then(() => (isWritten = true))
      await until(world, async () => isWritten && (await waiting(database)) === 0)
      await all

      assert.equal(sent.length, 114)
      for (const key of ['k0', 'k1', 'k2']) {
        const seqs = sent.filter((each) => each.key === key).map((each) => each.seq)
        assert.deepEqual(
          seqs,
          seqs.toSorted((a, b) => a - b),
        )
      }
    })
  })
}

/** Keys that all stand in partition 0. */
function keysOfPart(many: number): string[] {
  const keys = Array.from({ length: many * 8 }, (_, n) => `p${n}`)
  return keys.filter((key) => partitionOf({ key, id: '' }) === 0).slice(0, many)
}
