/**
 * A transaction that somebody forgot is reported by name. On PostgreSQL: PGlite has nobody else.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Client } from 'pg'
import { isHoldfastError } from '#errors'
import { SnapshotWatch } from '../../src/edge/event/snapshot-watch.ts'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { eventDatabase, manualWorld } from '../support/event-world.ts'

const url = await freshPostgresUrl()
const database = await eventDatabase(connectPostgres({ url }))
after(() => database.close())

/** The database, which believes that every transaction began an hour before it did. */
const anHourLater = {
  ...database,
  query: <Row>(text: string, params?: readonly unknown[]) =>
    database.query<Row>(text.replaceAll('xact_start', `(xact_start - interval '1 hour')`), params),
}

test('a forgotten transaction is named once a minute with its process, its application and its age', async () => {
  const forgotten = new Client({ connectionString: url, application_name: 'lunch' })
  await forgotten.connect()
  await forgotten.query('begin isolation level repeatable read; select 1 from seen')
  const { rows } = await forgotten.query<{ pid: number }>('select pg_backend_pid() as pid')
  const world = manualWorld()
  const watch = new SnapshotWatch(anHourLater, world.clock)
  const isNamed = (error: unknown): boolean =>
    isHoldfastError(error, 'HF_DB_SNAPSHOT_HELD') &&
    error.detail.startsWith(`process ${rows[0]?.pid} (lunch, idle in transaction) has had`) &&
    /open for 36\d\d s$/.test(error.detail)

  world.advance(10_000)
  await assert.rejects(watch.look(), isNamed)
  world.advance(10_000)
  await watch.look()
  world.advance(60_000)
  await assert.rejects(watch.look(), isNamed)
  await forgotten.end()
  world.advance(60_000)
  await watch.look()
})

test('a transaction of a moment ago is nobody’s fault', async () => {
  const busy = new Client({ connectionString: url })
  await busy.connect()
  await busy.query('begin isolation level repeatable read; select 1 from seen')
  const world = manualWorld()
  const watch = new SnapshotWatch(database, world.clock)

  world.advance(10_000)
  await watch.look()
  await busy.end()
})
