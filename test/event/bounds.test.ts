/**
 * What is too large, too early or finds no room: refused or waited for by name, and never lost.
 *
 * Method: one database for both ends, the real relay, push and `receive`, and a network that is a
 * function of the test. Waits in the database are cut short by SQL, never slept.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { isHoldfastError } from '#errors'
import type { Database } from '#state'
import { listDead } from '../../src/edge/event/dead-letter.ts'
import { httpPush } from '../../src/edge/event/push.ts'
import { receive } from '../../src/edge/event/receive.ts'
import { ATTEMPTS_MAX, UNWELL_ATTEMPTS_MAX } from '../../src/edge/event/retry.ts'
import { engines } from '../support/databases.ts'
import { counted, Relays } from '../support/event-relays.ts'
import {
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

const HOUR_MS = 3_600_000

/** Tries that are refused before the cause goes away: more than a message has that is at fault itself. */
const REFUSALS = ATTEMPTS_MAX + 2

/** A step with a note of so many letters. */
const noted = (letters: number) => ({ key: 'é', n: 1, note: 'x'.repeat(letters) })

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  /** Orders, whose relay posts to inventory; both with a clock and a database of their own. */
  const joined = (consumer: { world?: ManualWorld; database?: Database } = {}) => {
    const { system, orders, inventory } = eventSystem()
    const target = siteOf(
      { system, service: inventory },
      { world: consumer.world ?? manualWorld(), database: consumer.database ?? database },
    )
    const world = manualWorld({
      send: async (origin, { headers, body }) =>
        origin === 'http://inventory'
          ? receive(target, incoming(body ?? '', headers))
          : { status: 204, headers: {}, body: new Uint8Array() },
    })
    const broker = httpPush(siteOf({ system, service: orders }, { world, database }))
    const { site } = relays.start(broker, world)
    return { site, target, world }
  }

  /** Steps 1 to n of one key, as they took effect. */
  const seen = async (): Promise<unknown[]> => {
    const { rows } = await database.query<{ n: number }>('select n from seen order by place')
    return rows.map(({ n }) => n)
  }

  /** Lets the edge try again and again without its pauses, until it is so. */
  const hurried = async (
    { world, site }: ReturnType<typeof joined>,
    isDone: () => boolean | Promise<boolean>,
  ): Promise<void> => {
    await until(world, async () => {
      await relays.makeDue()
      site.wake()
      return isDone()
    })
  }

  /** How often a message was tried in vain. */
  const refused = ({ site: { facts } }: ReturnType<typeof joined>): number =>
    facts.filter((each) => each.fact === 'undelivered').length

  describe(`bounds on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('a payload of a million bytes is delivered, one byte more is refused at emit', async () => {
      const { site, world } = joined()
      const room = 1_000_000 - new TextEncoder().encode(JSON.stringify(noted(0))).length

      await assert.rejects(
        emitSteps(site, 'placed', [{ key: 'é', n: 0 }, noted(room + 1)]),
        (error) =>
          isHoldfastError(error, 'HF_EVENT_INVALID') &&
          /orders\.placed has 1000001 bytes, the limit is 1000000/.test(error.detail),
      )
      assert.equal(await waiting(database), 0, 'nothing of the transaction is kept')
      await emitSteps(site, 'noted', [noted(room)])
      await until(world, async () => (await seen()).length > 0)

      assert.deepEqual(await seen(), [1])
      assert.deepEqual(await listDead(database), [])
    })

    test('a key that its consumer would not read is refused at emit', async () => {
      const { site, world } = joined()
      const key = 'k'.repeat(1_024)

      await assert.rejects(
        emitSteps(site, 'placed', [{ key: `${key}k`, n: 1 }]),
        /has 1025 characters, the limit is 1024/,
      )
      await emitSteps(site, 'placed', [{ key, n: 1 }])
      await until(world, async () => (await seen()).length > 0)

      assert.deepEqual(await seen(), [1])
    })

    test('what a clock one hour ahead has stamped is refused and counted, and has its effect an hour later', async () => {
      const behind = manualWorld()
      const { clock } = behind
      let aheadMs = HOUR_MS
      const late = { ...clock, wallMs: () => clock.wallMs() - aheadMs }
      const edge = joined({ world: { ...behind, clock: late } })

      await emitSteps(edge.site, 'placed', counted('k', 3))
      await hurried(edge, () => refused(edge) >= REFUSALS)
      const { rows } = await database.query<{ attempts: number; error: string }>(
        `select attempts, error from hf.outbox where edge = 'orders>inventory' and error is not null`,
      )
      aheadMs = 0
      await hurried(edge, async () => (await seen()).length === 3)

      assert.match(String(rows[0]?.error), /^HF_CLOCK_SKEW/)
      assert.equal(rows[0]?.attempts, UNWELL_ATTEMPTS_MAX)
      assert.deepEqual(await seen(), [1, 2, 3])
      assert.deepEqual(await listDead(database), [])
    })

    test('an event that no schema accepts dies by name after its tries, and other keys pass it', async () => {
      const { system, orders: service } = eventSystem()
      await emitSteps(siteOf({ system, service }, { world: manualWorld(), database }), 'placed', [
        { key: 'bad', n: 1 },
        { key: 'good', n: 2 },
      ])
      await database.query(`update hf.outbox set body = '{"order":null}' where key = 'bad'`)
      await database.query(`delete from hf.outbox where edge <> 'orders>inventory'`)

      const edge = joined()
      await hurried(edge, async () => (await listDead(database)).length === 1)
      const [dead] = await listDead(database)

      assert.deepEqual(await seen(), [2])
      assert.equal(dead?.attempts, ATTEMPTS_MAX)
      assert.equal(dead?.error, 'HF_EVENT_INVALID: orders.placed: n: not an order')
      assert.ok(refused(edge) >= ATTEMPTS_MAX)
    })

    test('a consumer whose disk is full loses nothing, and nothing becomes a dead letter', async () => {
      let isFull = true
      const full: Database = {
        ...database,
        transaction: (options, work) =>
          isFull
            ? database
                .transaction(options, (tx) =>
                  tx.query(`do $$ begin raise exception using errcode = '53100'; end $$`),
                )
                .then(() => assert.fail('a full disk takes nothing'))
            : database.transaction(options, work),
      }
      const edge = joined({ database: full })

      await emitSteps(edge.site, 'placed', counted('k', 5))
      await hurried(edge, () => refused(edge) >= REFUSALS)
      const dead = await listDead(database)
      isFull = false
      await hurried(edge, async () => (await seen()).length === 5)

      assert.deepEqual(dead, [])
      assert.deepEqual(await seen(), [1, 2, 3, 4, 5])
      assert.ok(
        edge.site.facts.some(
          (each) => each.fact === 'undelivered' && each.error.startsWith('HF_DB_FULL'),
        ),
      )
    })
  })
}
