/**
 * What only several sessions can show: waiting for locks, conflicts, and connections that are lost.
 *
 * Runs on real PostgreSQL. PGlite has one session: there no transaction ever meets another.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Code, isHoldfastError } from '#errors'
import { type Database, claim, keepReply, migrate, openDatabase, prior } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { freshPostgresUrl, postgres } from '../support/databases.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const bounds = { timeoutMs: 5_000 }
const failsWith = (code: string) => (error: unknown) =>
  isHoldfastError(error) && error.code === code

function onPostgres(name: string, check: (database: Database) => Promise<void>): void {
  test(`postgres: ${name}`, async () => {
    await using fresh = await postgres.fresh()
    const database = openDatabase(fresh, world)
    await database.query('create table t (a int primary key, n int not null default 0)')
    await check(database)
  })
}

/** A gate that opens once: what stands before it has happened when what waits at it goes on. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { opened: promise, open: resolve }
}

onPostgres('a lock that is not granted in time fails by name', async (database) => {
  await database.query('insert into t values (1)')
  const [locked, done] = [gate(), gate()]
  const holder = database.transaction(bounds, async (tx) => {
    await tx.query('select * from t for update')
    locked.open()
    await done.opened
  })
  await locked.opened

  const waiter = database.transaction({ ...bounds, lockTimeoutMs: 30 }, async (tx) => {
    await tx.query('select * from t for update')
  })

  await assert.rejects(waiter, failsWith('HF_DB_LOCK_TIMEOUT'))
  done.open()
  await holder
})

onPostgres('B1: a statement is cancelled by the server at the deadline', async (database) => {
  const slow = database.transaction({ timeoutMs: 60 }, (tx) => tx.query('select pg_sleep(60)'))

  await assert.rejects(slow, failsWith('HF_DB_TIMEOUT'))
  const running =
    "select count(*)::int as n from pg_stat_activity where query like '%pg_sleep(60)' and state = 'active'"
  for (;;) {
    const { rows } = await database.query<{ n: number }>(running)
    if (rows[0]?.n === 0) break
  }
})

onPostgres('a serialization failure is repeated until it is gone', async (database) => {
  await database.query('insert into t values (1)')
  const raise = "do $$ begin raise exception 'x' using errcode = '40001'; end $$"
  let runs = 0

  await database.transaction(bounds, async (tx) => {
    runs += 1
    await tx.query('update t set n = n + 1')
    if (runs < 3) await tx.query(raise)
  })

  assert.equal(runs, 3)
  assert.deepEqual((await database.query('select n from t')).rows, [{ n: 1 }])
})

onPostgres(
  'a real serialization failure is repeated, and both effects are there',
  async (database) => {
    await database.query('insert into t values (1)')
    const [read, written] = [gate(), gate()]
    let runs = 0
    const first = database.transaction(bounds, async (tx) => {
      runs += 1
      await tx.query('set transaction isolation level repeatable read')
      await tx.query('select * from t')
      read.open()
      await written.opened
      await tx.query('update t set n = n + 1')
    })
    await read.opened

    await database.query('update t set n = n + 10')
    written.open()
    await first

    assert.equal(runs, 2)
    assert.deepEqual((await database.query('select n from t')).rows, [{ n: 11 }])
  },
)

onPostgres('two transactions that deadlock both commit', async (database) => {
  await database.query('insert into t values (1), (2)')
  const arrived = [gate(), gate()]
  let runs = 0
  const crossing = async (one: number, other: number): Promise<void> =>
    database.transaction({ timeoutMs: 20_000, lockTimeoutMs: 10_000 }, async (tx) => {
      runs += 1
      await tx.query("set local deadlock_timeout = '20ms'")
      await tx.query('update t set n = n + 1 where a = $1', [one])
      arrived[one - 1]?.open()
      await arrived[other - 1]?.opened
      await tx.query('update t set n = n + 1 where a = $1', [other])
    })

  await Promise.all([crossing(1, 2), crossing(2, 1)])

  assert.ok(runs >= 3, `${runs} runs`)
  assert.deepEqual((await database.query('select n from t')).rows, [{ n: 2 }, { n: 2 }])
})

onPostgres('B5: a conflict that never ends is given up after five runs', async (database) => {
  const raise = "do $$ begin raise exception 'x' using errcode = '40001'; end $$"
  let runs = 0

  const endless = database.transaction(bounds, async (tx) => {
    runs += 1
    await tx.query(raise).catch(() => undefined)
    throw new RangeError('the work hides the conflict')
  })

  await assert.rejects(endless, RangeError)
  assert.equal(runs, 5)
})

onPostgres('a connection that dies while it is idle is replaced', async (database) => {
  const { rows } = await database.query<{ pid: number }>('select pg_backend_pid() as pid')
  const killer = openDatabase(connectPostgres({ url: await freshPostgresUrl() }), world)
  await killer.query('select pg_terminate_backend($1, 1000)', [rows[0]?.pid])
  await killer.close()

  assert.deepEqual((await database.query('select 1 as one')).rows, [{ one: 1 }])
})

onPostgres('a connection that dies in the work has no effect, and says so', async (database) => {
  const dying = database.transaction(bounds, async (tx) => {
    await tx.query('insert into t values (1)')
    await tx.query('select pg_terminate_backend(pg_backend_pid())')
  })

  await assert.rejects(dying, (error) => {
    return (
      failsWith('HF_DB_UNREACHABLE')(error) && isHoldfastError(error) && error.effect === 'none'
    )
  })
  assert.deepEqual((await database.query('select * from t')).rows, [])
})

onPostgres(
  'A3: a connection that dies during the commit leaves the effect unknown',
  async (database) => {
    // A deferred trigger runs inside COMMIT, and ends the very session that commits.
    await database.transaction(bounds, async (tx) => {
      await tx.script(`
      create function die() returns trigger language plpgsql as
        $$ begin perform pg_terminate_backend(pg_backend_pid()); perform pg_sleep(1); return null; end $$;
      create constraint trigger dies after insert on t deferrable initially deferred
        for each row execute function die()`)
    })

    const dying = database.transaction(bounds, async (tx) => {
      await tx.query('insert into t values (1)')
    })
    const dyingAlone = database.query('insert into t values (1)')

    await assert.rejects(dying, isUnknown('HF_DB_COMMIT_UNKNOWN'))
    await assert.rejects(dyingAlone, isUnknown('HF_DB_UNREACHABLE'))
  },
)

const isUnknown = (code: Code) => (error: unknown) =>
  isHoldfastError(error, code) && error.effect === 'unknown'

onPostgres('a server that refuses writes loses the connection that said so', async (database) => {
  const pidOf = async (): Promise<unknown> =>
    (await database.query('select pg_backend_pid() as pid')).rows[0]
  const before = await pidOf()
  const refused = database.transaction(bounds, async (tx) => {
    await tx.query('set transaction read only')
    await tx.query('insert into t values (1)')
  })

  await assert.rejects(refused, failsWith('HF_DB_READ_ONLY'))
  assert.notDeepEqual(await pidOf(), before)
})

test('postgres: more callers than sessions wait their turn, and only for as long as they may', async () => {
  const connections = connectPostgres({ url: await freshPostgresUrl(), sessionsMax: 1 })
  const database = openDatabase(connections, world)
  const [begun, done] = [gate(), gate()]
  const holder = database.transaction(bounds, async (tx) => {
    await tx.query('select 1')
    begun.open()
    await done.opened
  })
  await begun.opened

  await assert.rejects(
    database.query('select 1', [], { timeoutMs: 30 }),
    failsWith('HF_DB_UNREACHABLE'),
  )
  const patient = database.query('select 1 as one')
  done.open()
  await holder

  assert.deepEqual((await patient).rows, [{ one: 1 }])
  await database.close()
})

test('postgres: a wrong password, a missing database and a dead port are told apart, without the password', async () => {
  const url = new URL(await freshPostgresUrl())
  const detailOf = async (change: (url: URL) => void): Promise<string> => {
    const changed = new URL(url)
    change(changed)
    const database = openDatabase(connectPostgres({ url: changed.href }), world)
    const error = await database.query('select 1').catch((thrown: unknown) => thrown)
    assert.ok(isHoldfastError(error, 'HF_DB_UNREACHABLE'))
    assert.equal(error.effect, 'none')
    assert.ok(!error.message.includes('hunter2'))
    return error.detail
  }

  assert.match(await detailOf((at) => (at.password = 'hunter2')), /password.*28P01/)
  assert.match(
    await detailOf((at) => (at.pathname = '/nowhere')),
    /no database of this name.*3D000/,
  )
  assert.match(await detailOf((at) => (at.port = '1')), /nobody listens.*ECONNREFUSED/)
  assert.throws(
    () => connectPostgres({ url: 'postgres://u:hunter2@[' }),
    (error) => {
      return failsWith('HF_CONFIG_INVALID')(error) && !JSON.stringify(error).includes('hunter2')
    },
  )
})

onPostgres(
  'I1: of fifty duplicates at once one acts, and all others see its reply',
  async (database) => {
    await migrate(database, [])
    const wanted = { scope: 'call:payments.authorize:orders', id: 'order-1' }
    const attempt = async (): Promise<string> =>
      database.transaction(bounds, async (tx) => {
        if (!(await claim(tx, wanted))) return (await prior(tx, wanted))?.reply ?? 'nothing'
        await tx.query('insert into t values (1)')
        await keepReply(tx, wanted, { status: 200, reply: '{"paid":1}' })
        return 'acted'
      })

    const replies = await Promise.all(Array.from({ length: 50 }, attempt))

    assert.equal(replies.filter((reply) => reply === 'acted').length, 1)
    assert.equal(replies.filter((reply) => reply === '{"paid":1}').length, 49)
  },
)

onPostgres('I1: when the first of the duplicates fails, the next one acts', async (database) => {
  await migrate(database, [])
  const wanted = { scope: 's', id: 'i' }
  let failures = 0
  const attempt = async (): Promise<string> =>
    database.transaction(bounds, async (tx) => {
      if (!(await claim(tx, wanted))) return 'replayed'
      failures += 1
      if (failures <= 3) throw new RangeError('crashed')
      return 'acted'
    })

  const ends = await Promise.allSettled(Array.from({ length: 20 }, attempt))

  const values = ends.map((end) => (end.status === 'fulfilled' ? end.value : 'failed'))
  assert.equal(values.filter((value) => value === 'failed').length, 3)
  assert.equal(values.filter((value) => value === 'acted').length, 1)
  assert.equal(values.filter((value) => value === 'replayed').length, 16)
})
