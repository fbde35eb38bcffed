/**
 * What every library keeps whose transaction a user lends to Holdfast: T1 to T3 of
 * `src/edge/event/in-transaction.ts`, over `pg`, PGlite and Kysely.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { PGlite } from '@electric-sql/pglite'
import { Kysely, PostgresDialect } from 'kysely'
import { Client, Pool } from 'pg'
import { onceIn, outboxOf } from '#edge'
import type { SqlExecutor } from '#model'
import { migrate, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { fromPg, fromPglite } from '../../src/adapters/executors.ts'
import { fromKysely } from '../../src/adapters/kysely.ts'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { FRAMEWORK_MIGRATIONS } from '../../src/state/schema.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { eventSystem, manualWorld, orders } from '../support/event-world.ts'

/** A library, and how its users open a transaction. */
interface Library {
  readonly name: string
  /** Commits if `work` resolves, rolls back if it rejects. */
  transaction<T>(work: (executor: SqlExecutor) => Promise<T>): Promise<T>
  rows(text: string): Promise<unknown[]>
  close(): Promise<void>
}

const url = await freshPostgresUrl()
const prepared = openDatabase(connectPostgres({ url }), {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
})
await migrate(prepared, [])
await prepared.close()

async function overPg(): Promise<Library> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    name: 'pg',
    async transaction(work) {
      await client.query('begin')
      try {
        const value = await work(fromPg(client))
        await client.query('commit')
        return value
      } catch (error) {
        await client.query('rollback')
        throw error
      }
    },
    rows: async (text) => (await client.query(text)).rows,
    close: () => client.end(),
  }
}

async function overPglite(): Promise<Library> {
  const pglite = await PGlite.create()
  await pglite.exec(`create schema hf; ${FRAMEWORK_MIGRATIONS.map(({ sql }) => sql).join(';')}`)
  return {
    name: 'PGlite',
    transaction: (work) => pglite.transaction((tx) => work(fromPglite(tx))),
    rows: async (text) => (await pglite.query(text)).rows,
    close: () => pglite.close(),
  }
}

async function overKysely(): Promise<Library> {
  const pool = new Pool({ connectionString: url, max: 2 })
  const kysely = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) })
  return {
    name: 'Kysely',
    transaction: (work) => kysely.transaction().execute((trx) => work(fromKysely(trx))),
    rows: async (text) => (await pool.query(text)).rows,
    close: () => kysely.destroy(),
  }
}

const outbox = outboxOf(orders, { system: eventSystem().system, world: manualWorld() })

for (const library of await Promise.all([overPg(), overPglite(), overKysely()])) {
  const emitted = (): Promise<unknown[]> =>
    library.rows(`select edge, key, body from hf.outbox order by edge, seq`)

  describe(`a transaction of ${library.name}`, () => {
    after(() => library.close())
    beforeEach(async () => {
      await library.transaction((tx) => tx.query('truncate hf.outbox, hf.inbox'))
    })

    test('T1: what is emitted stands in the outbox once the user commits', async () => {
      const step = { key: 'it\'s "k" é 🙂', n: 1.5 }

      await library.transaction((tx) => outbox.placed(tx, step))

      assert.deepEqual(await emitted(), [
        { edge: 'orders>inventory', key: step.key, body: step },
        { edge: 'orders>mail', key: step.key, body: step },
      ])
    })

    test('T1: what is emitted is gone if the user rolls back, or back to a savepoint', async () => {
      const regret = library.transaction(async (tx) => {
        await outbox.placed(tx, { key: 'a', n: 1 })
        throw new RangeError('no')
      })
      await assert.rejects(regret, RangeError)
      await library.transaction(async (tx) => {
        await tx.query('savepoint mine')
        await outbox.noted(tx, { key: '', n: 2 })
        await tx.query('rollback to savepoint mine')
        await outbox.noted(tx, { key: '', n: 3 }, { after: '1h' })
      })

      assert.deepEqual(await emitted(), [
        { edge: 'orders>inventory', key: '', body: { key: '', n: 3 } },
      ])
    })

    test('T2: work under a key is done once, and later runs get what it gave', async () => {
      let runs = 0
      const work = async (): Promise<{ n: number }> => ({ n: (runs += 1) })

      const first = await library.transaction((tx) => onceIn(tx, 'charge o1', work))
      const second = await library.transaction((tx) => onceIn(tx, 'charge o1', work))

      assert.deepEqual(first, { value: { n: 1 }, isReplayed: false })
      assert.deepEqual(second, { value: { n: 1 }, isReplayed: true })
    })

    test('T2: work whose transaction was rolled back was never done', async () => {
      const regret = library.transaction(async (tx) => {
        await onceIn(tx, 'charge o1', async () => 'first')
        throw new RangeError('no')
      })
      await assert.rejects(regret, RangeError)

      const again = await library.transaction((tx) => onceIn(tx, 'charge o1', async () => 'second'))

      assert.deepEqual(again, { value: 'second', isReplayed: false })
    })
  })
}
