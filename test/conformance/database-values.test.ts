/**
 * N1: a value that goes into a database and comes out again is the same on every engine.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { engines } from '../support/databases.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }

/** What is asked, and what JavaScript must get for it. */
const values: readonly (readonly [sql: string, value: unknown])[] = [
  ['null', null],
  ['true', true],
  ['1::int2', 1],
  ['2147483647', 2_147_483_647],
  ['9223372036854775807::int8', '9223372036854775807'],
  ['12345678901234567890.000000001::numeric', '12345678901234567890.000000001'],
  ['1.5::float8', 1.5],
  ["'NaN'::float8", Number.NaN],
  ["'été 漢字 🌊'", 'été 漢字 🌊'],
  ["''", ''],
  ["'ab'::char(4)", 'ab  '],
  ["'5f0c8a4e-0000-4000-8000-000000000001'::uuid", '5f0c8a4e-0000-4000-8000-000000000001'],
  ["'2026-11-20 10:00:00.123456+00'::timestamptz", new Date('2026-11-20T10:00:00.123Z')],
  ["'2026-11-20 10:00:00.123456+00'::timestamptz(6) at time zone 'UTC' is not null", true],
  ["'infinity'::timestamptz", Number.POSITIVE_INFINITY],
  ["'10:00:00'::time", '10:00:00'],
  ["'\\x00ff10'::bytea", Buffer.from([0x00, 0xff, 0x10])],
  ["'\\x'::bytea", Buffer.alloc(0)],
  ['array[1, 2, null]::int[]', [1, 2, null]],
  ['array[9007199254740993]::int8[]', ['9007199254740993']],
  ["array['a,b', '\"', null]::text[]", ['a,b', '"', null]],
  [
    'array[[1, 2], [3, 4]]',
    [
      [1, 2],
      [3, 4],
    ],
  ], // oxfmt keeps a matrix in one line
  ["'{}'::text[]", []],
  [
    `'{"é": "漢字 🌊 \\u0041", "n": 1.5, "deep": [null, {}]}'::jsonb`,
    { é: '漢字 🌊 A', n: 1.5, deep: [null, {}] },
  ],
  ["'null'::jsonb", null],
  ['\'"text"\'::json', 'text'],
  ["row(1, 'a')::text", '(1,a)'],
  ["'192.168.0.1'::inet", '192.168.0.1'],
]

for (const engine of engines) {
  test(`${engine.name}: N1: every type comes out as the same JavaScript value`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)

    for (const [sql, value] of values) {
      const { rows } = await database.query(`select ${sql} as value`)
      assert.deepEqual(rows, [{ value }], sql)
    }
  })

  test(`${engine.name}: N1: every parameter goes in as it would through pg`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)
    const bytes = new Uint8Array([0, 255, 16])
    const moment = new Date('2026-11-20T10:00:00.123Z')

    const { rows } = await database.query(
      `select $1::text as nothing, $2::int8 as big, $3::bytea as bytes, $4::timestamptz as moment,
        $5::jsonb as json, $6::text[] as words, $7::bool as flag, $8::numeric as number`,
      [
        null,
        9_007_199_254_740_993n,
        bytes,
        moment,
        JSON.stringify([{ a: 'é' }]),
        ['a,b', '"'],
        true,
        '0.1',
      ],
    )

    assert.deepEqual(rows, [
      {
        nothing: null,
        big: '9007199254740993',
        bytes: Buffer.from(bytes),
        moment,
        json: [{ a: 'é' }],
        words: ['a,b', '"'],
        flag: true,
        number: '0.1',
      },
    ])
  })

  test(`${engine.name}: a microsecond survives as text, where a Date would lose it`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)

    const { rows } = await database.query(
      'select extract(epoch from $1::timestamptz)::text as seconds',
      ['2026-11-20T10:00:00.123456Z'],
    )

    assert.deepEqual(rows, [{ seconds: '1795168800.123456' }])
  })

  test(`${engine.name}: rowCount counts the rows touched, also where none is returned`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)

    const counts = await database.transaction({ timeoutMs: 5_000 }, async (tx) => {
      const created = await tx.query('create table t (a int primary key)')
      const inserted = await tx.query('insert into t select generate_series(1, 5)')
      const ignored = await tx.query('insert into t values (1) on conflict do nothing')
      const updated = await tx.query('update t set a = a + 100 where a > $1', [2])
      const selected = await tx.query('select * from t')
      return [created, inserted, ignored, updated, selected].map(({ rowCount }) => rowCount)
    })

    assert.deepEqual(counts, [0, 5, 0, 3, 5])
  })

  test(`${engine.name}: five megabytes go in and come out`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)
    const text = 'x'.repeat(5_000_000)

    const { rows } = await database.query<{ text: string }>('select $1::text as text', [text])

    assert.equal(rows[0]?.text.length, text.length)
  })
}
