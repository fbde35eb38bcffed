/**
 * Migrations on every engine: what is applied once, what is refused, and several processes at once.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { type Database, type Migration, migrate, migrationStatus, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { engines, postgres } from '../support/databases.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const first: Migration = { number: 1, name: 'orders', sql: 'create table orders (id text);\n' }
const second: Migration = { number: 2, name: 'cents', sql: 'alter table orders add cents int' }
const HF = { scope: 'hf', fileName: '0001_lease_outbox_inbox.sql' }

const failsWith = (code: string, words: RegExp) => (error: unknown) => {
  assert.ok(isHoldfastError(error), String(error))
  assert.equal(error.code, code)
  assert.match(error.message, words)
  return true
}

function onEach(name: string, check: (database: Database) => Promise<void>): void {
  for (const engine of engines) {
    test(`${engine.name}: ${name}`, async () => {
      await using fresh = await engine.fresh()
      await check(openDatabase(fresh, world))
    })
  }
}

async function tables(database: Database): Promise<string[]> {
  const { rows } = await database.query<{ name: string }>(
    `select table_schema || '.' || table_name as name from information_schema.tables
      where table_schema in ('hf', 'public') order by 1`,
  )
  return rows.map(({ name }) => name)
}

onEach("the framework's tables come first, each file is applied once", async (database) => {
  const applied = await migrate(database, [first])
  const again = await migrate(database, [first, second])

  assert.deepEqual(applied, [HF, { scope: 'service', fileName: '0001_orders.sql' }])
  assert.deepEqual(again, [{ scope: 'service', fileName: '0002_cents.sql' }])
  assert.deepEqual(await tables(database), [
    'hf.inbox',
    'hf.lease',
    'hf.migration',
    'hf.outbox',
    'public.orders',
  ])
})

onEach('the status changes nothing and tells what would be applied', async (database) => {
  const before = await migrationStatus(database, [first])
  assert.deepEqual(await tables(database), [])
  await migrate(database, [first])
  const after = await migrationStatus(database, [first, second])

  assert.deepEqual(before, {
    applied: [],
    pending: [HF, { scope: 'service', fileName: '0001_orders.sql' }],
  })
  assert.deepEqual(after.pending, [{ scope: 'service', fileName: '0002_cents.sql' }])
  assert.equal(after.applied.length, 2)
})

onEach('M2: an applied file that changed is refused by name', async (database) => {
  await migrate(database, [first])
  const changed = { ...first, sql: 'create table orders (id uuid);\n' }

  await assert.rejects(
    migrate(database, [changed]),
    failsWith('HF_MIGRATION_CHANGED', /0001_orders\.sql/),
  )
  await assert.rejects(
    migrationStatus(database, [changed]),
    failsWith('HF_MIGRATION_CHANGED', /0001/),
  )
})

onEach(
  'M2: an applied file that is missing, and one that comes too late, are refused',
  async (database) => {
    await migrate(
      database,
      [second].map((each) => ({ ...each, sql: 'select 1' })),
    )

    await assert.rejects(
      migrate(database, []),
      failsWith('HF_MIGRATION_INVALID', /0002_cents\.sql.*missing/),
    )
    await assert.rejects(
      migrate(database, [first, { ...second, sql: 'select 1' }]),
      failsWith('HF_MIGRATION_INVALID', /0001_orders\.sql comes too late: number 2/),
    )
  },
)

onEach('M3: a failing file names its line and leaves nothing behind', async (database) => {
  const broken: Migration = {
    number: 2,
    name: 'broken',
    sql: '-- 漢字 🌊\ncreate table half (a int);\n\nselect *\n  form orders;\n',
  }

  await assert.rejects(
    migrate(database, [first, broken]),
    failsWith('HF_MIGRATION_FAILED', /0002_broken\.sql, line 5: syntax error.*SQLSTATE 42601/),
  )
  assert.ok(!(await tables(database)).includes('public.half'))
  assert.ok((await tables(database)).includes('public.orders'), 'what came before stays')
})

onEach(
  'M3: a file that commits by itself is refused, and says that it had an effect',
  async (database) => {
    const committing = { ...first, sql: 'create table orders (id text); commit; select 1' }

    await assert.rejects(migrate(database, [committing]), (error) => {
      assert.ok(isHoldfastError(error) && error.effect === 'unknown')
      return failsWith('HF_MIGRATION_FAILED', /ends its transaction/)(error)
    })
  },
)

test('postgres: M1: eight processes at once apply each file once', async () => {
  await using fresh = await postgres.fresh()
  const database = openDatabase(fresh, world)

  const applied = await Promise.all(
    Array.from({ length: 8 }, () => migrate(database, [first, second])),
  )

  assert.equal(applied.flat().length, 3)
  assert.equal((await migrationStatus(database, [first, second])).pending.length, 0)
})
