/**
 * What only an embedded database in a directory can show: its thread, its lock, and its recovery.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { isHoldfastError } from '#errors'
import { type Database, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { connectPglite } from './pglite.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const templates = join(tmpdir(), 'holdfast-templates')

function folderFor(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pglite-'))
  context.after(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function rowsIn(database: Database): Promise<number> {
  const { rows } = await database.query<{ n: number }>('select count(*)::int as n from t')
  return rows[0]?.n ?? -1
}

test('L1: a directory is open once; what was committed is there the next time', async (context) => {
  const directory = folderFor(context)
  const database = openDatabase(await connectPglite({ directory, templates }), world)
  await database.query('create table t as select 1 as a')

  await assert.rejects(connectPglite({ directory, templates }), (error) =>
    isHoldfastError(error, 'HF_DB_IN_USE'),
  )
  await database.close()
  const again = openDatabase(await connectPglite({ directory, templates }), world)

  assert.equal(await rowsIn(again), 1)
  await again.close()
})

test('L2: a statement without end is ended, and what was committed is still there', async (context) => {
  const connections = await connectPglite({ directory: folderFor(context), templates })
  const database = openDatabase(connections, world)
  await database.query('create table t as select 1 as a')
  const connection = await connections.acquire(1_000)
  await connection.script('begin; insert into t values (2)')

  const endless = assert.rejects(connection.query('select pg_sleep(3600)'), { code: '08006' })
  connection.release({ broken: true })

  await endless
  assert.equal(await rowsIn(database), 1)
  await database.close()
})

test('a statement does not stop what else this process does', async (context) => {
  const database = openDatabase(
    await connectPglite({ directory: folderFor(context), templates }),
    world,
  )
  let isDone = false
  const slow = database.query('select pg_sleep(0.2)').then(() => (isDone = true))

  await new Promise<void>((resolve) => nodeTimers.after(1, resolve))

  assert.equal(isDone, false)
  await slow
  await database.close()
})

test('a database that was left half unpacked is made anew', async (context) => {
  const directory = folderFor(context)
  mkdirSync(join(directory, 'data.partial', 'base'), { recursive: true })
  writeFileSync(join(directory, 'data.partial', 'PG_VERSION'), '18')

  const database = openDatabase(await connectPglite({ directory, templates }), world)

  assert.equal((await database.query('select 1')).rowCount, 1)
  await database.close()
})

test('files that are not a database are refused by name, and the lock is given back', async (context) => {
  const directory = folderFor(context)
  mkdirSync(join(directory, 'data'))
  writeFileSync(join(directory, 'data', 'PG_VERSION'), 'nonsense')

  for (const _ of [1, 2]) {
    await assert.rejects(connectPglite({ directory, templates }), (error) => {
      return isHoldfastError(error, 'HF_DB_UNREACHABLE') && error.message.includes(directory)
    })
  }
})

test('dead rows are cleared away while nobody asks', async (context) => {
  const database = openDatabase(
    await connectPglite({ directory: folderFor(context), templates }),
    world,
  )
  await database.query('create table t (a int primary key, b text)')
  const pages = async (): Promise<number> => {
    const { rows } = await database.query<{ n: number }>("select pg_relation_size('t')::int as n")
    return rows[0]?.n ?? -1
  }

  await database.query("insert into t select a, repeat('x', 400) from generate_series(1, 3000) a")
  await database.query('delete from t')
  const before = await pages()
  while ((await pages()) === before)
    await new Promise<void>((resolve) => nodeTimers.after(150, resolve))

  assert.ok(before > 1_000_000)
  assert.equal(await pages(), 0)
  await database.close()
})
