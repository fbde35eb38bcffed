/**
 * The libraries in whose transactions Holdfast's outbox and inbox must work, each as its users open one.
 */
import { PGlite } from '@electric-sql/pglite'
import { drizzle as drizzleOverPg } from 'drizzle-orm/node-postgres'
import { drizzle as drizzleOverPglite } from 'drizzle-orm/pglite'
import { drizzle as drizzleOverPostgresJs } from 'drizzle-orm/postgres-js'
import { Kysely, PostgresDialect } from 'kysely'
import { Client, Pool } from 'pg'
import postgres from 'postgres'
import type { SqlExecutor } from '#model'
import { fromDrizzle } from '../../src/adapters/drizzle.ts'
import { fromPg, fromPglite } from '../../src/adapters/executors.ts'
import { fromKysely } from '../../src/adapters/kysely.ts'
import { fromPostgresJs } from '../../src/adapters/postgres-js.ts'
import { FRAMEWORK_MIGRATIONS } from '../../src/state/schema.ts'

/** A library, and how its users open a transaction. */
export interface Library {
  readonly name: string
  /** Commits if `work` resolves, rolls back if it rejects. */
  transaction<T>(work: (executor: SqlExecutor) => Promise<T>): Promise<T>
  /** How the library gives a timestamp, if it was not told otherwise. */
  readonly moments: 'Date' | 'text'
  /** And a `bigint` that is no safe number. */
  readonly bigints: 'text' | 'bigint'
  close(): Promise<void>
}

/** All of them, over a PostgreSQL that has Holdfast's tables, or a PGlite that gets them. */
export async function lendingLibraries(url: string): Promise<readonly Library[]> {
  return Promise.all([
    overPg(url),
    overPglite(),
    overPostgresJs(url),
    overKysely(url),
    overDrizzleAndPg(url),
    overDrizzleAndPostgresJs(url),
    overDrizzleAndPglite(),
  ])
}

async function overPg(url: string): Promise<Library> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return {
    name: 'pg',
    bigints: 'text',
    moments: 'Date',
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
    close: () => client.end(),
  }
}

async function overPglite(): Promise<Library> {
  const pglite = await preparedPglite()
  return {
    name: 'PGlite',
    bigints: 'text',
    moments: 'Date',
    transaction: (work) => pglite.transaction((tx) => work(fromPglite(tx))),
    close: () => pglite.close(),
  }
}

async function overPostgresJs(url: string): Promise<Library> {
  const client = postgres(url, { max: 2, onnotice: () => {} })
  return {
    name: 'postgres.js',
    bigints: 'text',
    moments: 'Date',
    transaction: async (work) => {
      // Its types would unwrap promises within the result; a box has none.
      const box = await client.begin(async (tx) => ({ value: await work(fromPostgresJs(tx)) }))
      return box.value
    },
    close: () => client.end(),
  }
}

async function overKysely(url: string): Promise<Library> {
  const kysely = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new Pool({ connectionString: url, max: 2 }) }),
  })
  return {
    name: 'Kysely',
    bigints: 'text',
    moments: 'Date',
    transaction: (work) => kysely.transaction().execute((trx) => work(fromKysely(trx))),
    close: () => kysely.destroy(),
  }
}

async function overDrizzleAndPg(url: string): Promise<Library> {
  const pool = new Pool({ connectionString: url, max: 2 })
  const drizzle = drizzleOverPg({ client: pool })
  return {
    name: 'Drizzle over pg',
    bigints: 'text',
    moments: 'text',
    transaction: (work) => drizzle.transaction((tx) => work(fromDrizzle(tx))),
    close: () => pool.end(),
  }
}

async function overDrizzleAndPostgresJs(url: string): Promise<Library> {
  const client = postgres(url, { max: 2, onnotice: () => {} })
  const drizzle = drizzleOverPostgresJs({ client })
  return {
    name: 'Drizzle over postgres.js',
    bigints: 'text',
    moments: 'text',
    transaction: (work) => drizzle.transaction((tx) => work(fromDrizzle(tx))),
    close: () => client.end(),
  }
}

async function overDrizzleAndPglite(): Promise<Library> {
  const pglite = await preparedPglite()
  const drizzle = drizzleOverPglite({ client: pglite })
  return {
    name: 'Drizzle over PGlite',
    bigints: 'bigint',
    moments: 'text',
    transaction: (work) => drizzle.transaction((tx) => work(fromDrizzle(tx))),
    close: () => pglite.close(),
  }
}

async function preparedPglite(): Promise<PGlite> {
  const pglite = await PGlite.create()
  await pglite.exec(`create schema hf; ${FRAMEWORK_MIGRATIONS.map(({ sql }) => sql).join(';')}`)
  return pglite
}
