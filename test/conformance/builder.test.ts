/**
 * Query builders as the database of a service: D1 to D3 of `src/adapters/drizzle.ts`, K1 and K2 of
 * `src/adapters/kysely.ts`, Q1 and Q2 of `src/adapters/template-sql.ts`, on each engine and in the
 * simulation.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { eq, relations, sql as fragment } from 'drizzle-orm'
import {
  bigint,
  boolean,
  date,
  integer,
  jsonb,
  numeric,
  pgTable,
  serial,
  text,
  timestamp,
} from 'drizzle-orm/pg-core'
import { isHoldfastError } from '#errors'
import { openDatabase, type Transaction } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { drizzle } from '../../src/adapters/drizzle.ts'
import { kysely } from '../../src/adapters/kysely.ts'
import { openPgliteMemory } from '../../src/adapters/pglite-memory.ts'
import { postgresJs } from '../../src/adapters/postgres-js.ts'
import { engines, type FreshDatabase } from '../support/databases.ts'

const buyers = pgTable('buyers', { id: serial().primaryKey(), name: text().notNull() })

const orders = pgTable('orders', {
  id: serial().primaryKey(),
  buyerId: integer('buyer_id').notNull(),
  name: text().notNull(),
  isPaid: boolean('is_paid').notNull(),
  cents: bigint({ mode: 'bigint' }).notNull(),
  price: numeric().notNull(),
  lines: jsonb().$type<readonly string[]>().notNull(),
  day: date({ mode: 'string' }).notNull(),
  at: timestamp({ withTimezone: true }).notNull(),
  exactly: timestamp({ mode: 'string' }).notNull(),
})

const buyersRelations = relations(buyers, ({ many }) => ({ orders: many(orders) }))
const ordersRelations = relations(orders, ({ one }) => ({
  buyer: one(buyers, { fields: [orders.buyerId], references: [buyers.id] }),
}))

const TABLES = `
  create table buyers (id serial primary key, name text not null);
  create table orders (id serial primary key, buyer_id int not null, name text not null,
    is_paid boolean not null, cents bigint not null, price numeric not null, lines jsonb not null,
    day date not null, at timestamptz not null, exactly timestamp not null)`

const ORDER = {
  buyerId: 1,
  name: "o'1",
  isPaid: true,
  cents: 9_007_199_254_740_993n,
  price: '1.50',
  lines: ['a', 'b'],
  day: '2026-03-01',
  at: new Date('2026-03-01T12:00:00.123Z'),
  exactly: '2026-03-01 12:00:00.123456',
}

const migrations = new URL('file:///nowhere/')
const declared = drizzle({
  migrations,
  isolation: 'serializable',
  schema: { buyers, orders, buyersRelations, ordersRelations },
})

const isRefused = (error: unknown): boolean => isHoldfastError(error, 'HF_DB_OUTSIDE_TRANSACTION')

interface Tables {
  readonly buyers: { readonly id: number; readonly name: string }
}

async function within<T>(
  connections: FreshDatabase,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const database = openDatabase(connections, {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
  })
  return database.transaction({ timeoutMs: 10_000 }, async (tx) => {
    await tx.script(TABLES)
    return work(tx)
  })
}

for (const engine of engines) {
  describe(`a builder over ${engine.name}`, () => {
    test('D3: Drizzle reads back what it wrote, also where joined tables share names', async () => {
      await using fresh = await engine.fresh()

      const joined = await within(fresh, async (executor) => {
        const tx = declared.over(executor)
        await tx.insert(buyers).values({ name: 'Ada' })
        const [placed] = await tx.insert(orders).values(ORDER).returning()
        assert.deepEqual(placed, { id: 1, ...ORDER })
        return tx.select().from(orders).innerJoin(buyers, eq(orders.buyerId, buyers.id))
      })

      assert.deepEqual(joined, [{ orders: { id: 1, ...ORDER }, buyers: { id: 1, name: 'Ada' } }])
    })

    test('Drizzle follows relations, and runs what is written by hand', async () => {
      await using fresh = await engine.fresh()

      const [buyer, counted] = await within(fresh, async (executor) => {
        const tx = declared.over(executor)
        await tx.insert(buyers).values({ name: 'Ada' })
        await tx.insert(orders).values([ORDER, { ...ORDER, name: 'o2' }])
        return [
          await tx.query.buyers.findFirst({ with: { orders: { columns: { name: true } } } }),
          await tx.execute(
            fragment`select count(*)::int as n from orders where day = ${ORDER.day}`,
          ),
        ]
      })

      assert.deepEqual(buyer, { id: 1, name: 'Ada', orders: [{ name: "o'1" }, { name: 'o2' }] })
      assert.deepEqual(counted, [{ n: 2 }])
    })

    test('Q1, Q2: a template sends its values as parameters, its parts as text, and itself once', async () => {
      await using fresh = await engine.fresh()

      const [kept, found, none] = await within(fresh, async (executor) => {
        const tx = postgresJs({ migrations }).over(executor)
        const evil = "'); drop table buyers; --"
        const adding = tx`insert into buyers (name) values (${evil}), (${'Ada'})`
        const { count } = await adding
        await adding
        const ada = tx`and name = ${'Ada'}`
        const named = await tx<{ id: number }>`select id from buyers where id > ${0} ${ada}`
        return [count, named, await tx`select id from buyers where name = ${undefined}`]
      })

      assert.deepEqual([kept, [...found], [...none]], [2, [{ id: 2 }], []])
    })

    test('D2, K2: a handler cannot begin a second transaction', async () => {
      await using fresh = await engine.fresh()

      const attempts = within(fresh, async (executor) => {
        await assert.rejects(
          declared.over(executor).transaction(async () => {}),
          isRefused,
        )
        const inKysely = kysely<Tables>({ migrations }).over(executor)
        await assert.rejects(
          inKysely.transaction().execute(async () => {}),
          isRefused,
        )
        await inKysely.insertInto('buyers').values({ id: 1, name: 'Ada' }).execute()
        return inKysely.selectFrom('buyers').selectAll().execute()
      })

      assert.deepEqual(await attempts, [{ id: 1, name: 'Ada' }])
    })
  })
}

test('D3: the database of the simulation gives cells, too, and moments as PostgreSQL writes them', async () => {
  const memory = await openPgliteMemory({ isExact: false, files: undefined })

  const { rows } = memory.query(
    `select 1 as id, 2 as id, '2026-03-01'::date as day, true as yes`,
    [],
    'cells',
  )

  assert.deepEqual(rows, [[1, 2, '2026-03-01', true]])
})

test('an isolation level is passed on, and a migration folder', () => {
  assert.deepEqual([declared.isolation, declared.migrations], ['serializable', migrations])
})
