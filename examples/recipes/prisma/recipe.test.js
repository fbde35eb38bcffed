/**
 * What every library keeps whose transaction a user lends to Holdfast, kept by Prisma: see
 * `test/conformance/executor.test.ts`. On a real PostgreSQL, with a generated client.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { PrismaPg } from '@prisma/adapter-pg'
import { isHoldfastError } from 'holdfast'
import { fromPrisma } from 'holdfast/node'
import { migrate, openDatabase } from '../../../src/state/index.ts'
import { nodeClock, nodeRandom, nodeTimers } from '../../../src/world/index.ts'
import { connectPostgres, ensureDatabase } from '../../../src/adapters/postgres.ts'
import { startPostgres } from '../../../test/support/postgres-server.ts'
import { PrismaClient } from './.holdfast/client/client.ts'
import { place } from './place.js'

const ORDER = { orderId: 'o\'1 "é" $1', cents: 1_500 }

const server = await startPostgres()
const url = await ensureDatabase(server.url, 'recipe')
const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const holdfast = openDatabase(connectPostgres({ url }), world)
await migrate(holdfast, [
  { number: 1, name: 'orders', sql: 'create table orders (id text primary key, cents int)' },
])
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })

after(async () => {
  await prisma.$disconnect()
  await holdfast.close()
  await server.stop()
})

const empty = () => holdfast.query('truncate hf.outbox, hf.inbox, orders')

const left = async () => {
  const outboxRows = await holdfast.query('select edge, key, body, due_at from hf.outbox')
  const orders = await holdfast.query('select id, cents from orders')
  return [outboxRows.rows, orders.rows]
}

test('T1, T2: the row, the event and the key commit together, once', async () => {
  await empty()
  const first = await place(prisma, ORDER)
  const second = await place(prisma, ORDER)

  assert.deepEqual(
    [first, second],
    [
      { value: { orderId: ORDER.orderId }, isReplayed: false },
      { value: { orderId: ORDER.orderId }, isReplayed: true },
    ],
  )
  assert.deepEqual(await left(), [
    [{ edge: 'orders>mail', key: ORDER.orderId, body: ORDER, due_at: null }],
    [{ id: ORDER.orderId, cents: ORDER.cents }],
  ])
})

test('T1, T2: nothing of a transaction stays that is rolled back, or back to a savepoint', async () => {
  await empty()
  await holdfast.query('insert into orders (id) values ($1)', [ORDER.orderId])
  await assert.rejects(place(prisma, ORDER))
  await prisma.$transaction(async (tx) => {
    const executor = fromPrisma(tx)
    await executor.query('savepoint mine')
    await executor.query("insert into hf.inbox (scope, id) values ('s', '1')")
    await executor.query('rollback to savepoint mine')
  })

  const { rows } = await holdfast.query('select count(*)::int as n from hf.inbox')

  assert.deepEqual(rows, [{ n: 0 }])
  assert.deepEqual((await left())[0], [])
})

test('X1, X2: values arrive as they were sent, and touched rows are counted', async () => {
  await empty()
  const { rows } = await prisma.$transaction((tx) =>
    fromPrisma(tx).query(
      `select $1::text as t, $2::int as i, $3::boolean as b, $4::jsonb as j, $5::bytea as y,
         $6::text[] as ts, to_jsonb($7::float8[]) as fs, $8::text as nothing`,
      ['a', 7, true, '{"a":[1]}', Uint8Array.of(0, 255), ['a', 'b"c'], [1.5, null], null],
    ),
  )
  const touched = await prisma.$transaction((tx) =>
    fromPrisma(tx).query(
      "insert into hf.inbox (scope, id) select 's', n::text from generate_series(1, 3) as n",
    ),
  )

  const [{ y, ...plain }] = rows
  assert.deepEqual([...y], [0, 255])
  assert.deepEqual(plain, {
    t: 'a',
    i: 7,
    b: true,
    j: { a: [1] },
    ts: ['a', 'b"c'],
    fs: [1.5, null],
    nothing: null,
  })
  assert.equal(touched.rowCount, 3)
})

test('X3: inside a transaction of Holdfast it is refused by name', async () => {
  await empty()
  const inside = prisma.$transaction((tx) =>
    holdfast.transaction({ timeoutMs: 4_000 }, () => fromPrisma(tx).query('select 1')),
  )

  await assert.rejects(inside, (error) => isHoldfastError(error, 'HF_DB_OUTSIDE_TRANSACTION'))
})
