/**
 * The engine of the simulation: values as `pg` gives them, and pictures that are exact.
 *
 * Time is mocked because PostgreSQL reads it; its own timers would outlive the test.
 */
import assert from 'node:assert/strict'
import { before, mock, suite, test } from 'node:test'
import { openPgliteMemory, type PgliteMemory } from './pglite-memory.ts'

suite('PGlite in memory', () => {
  let database: PgliteMemory

  before(async () => {
    mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_767_571_200_000 })
    database = await openPgliteMemory({ isExact: true, files: undefined })
    mock.timers.reset()
  })

  test('M1: values are those of pg', () => {
    const { rows, rowCount } = frozen(() =>
      database.query(
        `select $1::bigint as big, 1.50::numeric as exact, 7::int as small, true as yes,
           '2026-01-05T00:00:00Z'::timestamptz as moment, $2::jsonb as json, $3::bytea as bytes,
           null as nothing, $4::text[] as texts`,
        ['9007199254740993', { a: [1] }, new Uint8Array([0, 255]), ['a"b', null, 'c\\d']],
      ),
    )

    assert.equal(rowCount, 1)
    assert.deepEqual(rows, [
      {
        big: '9007199254740993',
        exact: '1.50',
        small: 7,
        yes: true,
        moment: moment(1_767_571_200_000),
        json: { a: [1] },
        bytes: Buffer.from([0, 255]),
        nothing: null,
        texts: ['a"b', null, 'c\\d'],
      },
    ])
  })

  test('M1: an error carries its SQLSTATE, and the next statement works', () => {
    assert.throws(() => frozen(() => database.query('select 1 / $1::int', [0])), { code: '22012' })
    assert.deepEqual(frozen(() => database.query('select 1 as one', [])).rows, [{ one: 1 }])
  })

  test('M1: a statement that was used before a table changed sees the change', () => {
    frozen(() => database.script('create table grown (a int); insert into grown values (1)'))
    const all = (): unknown => frozen(() => database.query('select * from grown', [])).rows
    assert.deepEqual(all(), [{ a: 1 }])

    frozen(() => database.script('alter table grown add column b int default 2'))

    assert.deepEqual(all(), [{ a: 1, b: 2 }])
    frozen(() => database.script('drop table grown'))
  })

  test('M3: a restored picture repeats every bit that a statement can see', async () => {
    frozen(() =>
      database.script('create table kept (id serial, ref uuid default gen_random_uuid())'),
    )
    const kept = await database.keep()
    const print = (): unknown => {
      let bits = 1
      database.seed(() => (bits = Math.imul(bits, 1_103_515_245) + 12_345) >>> 0)
      return frozen(() => {
        database.query('insert into kept select from generate_series(1, $1)', [500])
        return database.query(
          `select max(id), min(ref::text), random(), now(), pg_current_wal_lsn()::text,
             pg_current_xact_id()::text from kept`,
          [],
        ).rows
      })
    }

    await database.restore(kept)
    const first = print()
    frozen(() => database.script('drop table kept; create table other as select 1 as one'))
    await database.restore(kept)

    assert.deepEqual(print(), first)
    assert.throws(() => frozen(() => database.query('select * from other', [])), { code: '42P01' })
  })

  test('M4: a picture with prepared statements answers alike before and after it is restored', async () => {
    const used = 'select $1::int + 1 as next'
    const other = 'select $1::text as same'
    const kept = await frozen(async () =>
      database.keep([used, 'select from nowhere', 'select 1 as one']),
    )
    const names = `select string_agg(name, ' ' order by name) as names from pg_prepared_statements`
    const print = (): unknown =>
      frozen(() => [other, used, 'select 1 as one', names].map((text) => answerTo(text)))
    const answerTo = (text: string): unknown =>
      database.query(text, text.includes('$1') ? ['41'] : []).rows

    const first = print()
    await database.restore(kept)

    assert.deepEqual(print(), first)
    const known = [{ names: 's0 s1 s2 s3' }]
    assert.deepEqual(first, [[{ same: '41' }], [{ next: 42 }], [{ one: 1 }], known])
  })

  test('isInTransaction follows begin and rollback', () => {
    frozen(() => database.script('begin'))
    assert.equal(database.isInTransaction, true)
    frozen(() => database.script('rollback'))
    assert.equal(database.isInTransaction, false)
  })
})

/** Runs `work` on a clock that stands still. */
function frozen<T>(work: () => T): T {
  mock.timers.enable({ apis: ['Date', 'setTimeout'], now: 1_767_571_200_000 })
  try {
    return work()
  } finally {
    mock.timers.reset()
  }
}

/** What `pg` makes of a timestamp. */
function moment(ms: number): unknown {
  return frozen(() => structuredClone(Reflect.construct(globalThis.Date, [ms])))
}
