/**
 * The databases of a simulated system, booted once and set back for each seed.
 *
 * Booting PostgreSQL takes seconds, setting its memory back a few milliseconds. So there is one
 * instance for the first service of any system, one for the second, and so on, and of each a picture
 * of the empty database and of each migrated one.
 *
 * Invariants:
 *   L1. Every seed begins with the same bits: a picture is used only after two restores of one were
 *       seen to give the same answers; else the databases are opened in the exact, slower way.
 *   L2. PostgreSQL is never asked anything but on behalf of a database actor: a real timer that it set
 *       on its own would fire in the middle of a later run.
 */
import type { Rows } from '#model'
import { type Connections, migrate, type Migration, openDatabase } from '#state'
import { runAs } from '../actor.ts'
import { Stream } from '../chance.ts'
import { DatabaseActor } from './actor.ts'
import type { Kept, OpenPostgres, Postgres } from './postgres.ts'

/** Databases boot a day before the simulated world begins, so that nothing in them is from its future. */
const BOOT_US = -86_400_000_000

/** Pictures of migrated databases that one instance keeps; each has some 20 MB. */
const PICTURES_MAX = 8

/** The tables that the migrations made, each in a form that a statement can name. */
const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
  order by n.nspname, c.relname
  limit 200`

interface Instance {
  readonly postgres: Postgres
  readonly empty: Kept
  /** By the text of all migrations, oldest use first. */
  readonly migrated: Map<string, Kept>
}

/** A pool of databases in this process. */
export class Fleet {
  readonly #open: OpenPostgres
  readonly #instances: Instance[] = []
  #files: Blob | undefined
  #statements: readonly string[] | undefined

  constructor(open: OpenPostgres) {
    this.#open = open
  }

  /** One fresh database for each list of migrations, with these applied and nothing else in it. */
  async fresh(systems: readonly (readonly Migration[])[]): Promise<readonly Postgres[]> {
    const databases: Postgres[] = []
    for (const [index, migrations] of systems.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time: booting takes a whole core.
      const instance = this.#instances[index] ?? (await this.#boot())
      this.#instances[index] = instance
      // oxlint-disable-next-line no-await-in-loop -- and so does restoring.
      databases.push(await setBack(instance, migrations, this.#statements ?? []))
    }
    return databases
  }

  /** True once `learn` was called. */
  get isLearned(): boolean {
    return this.#statements !== undefined
  }

  /** From now on every picture of a migrated database has these statements prepared. */
  learn(statements: readonly string[]): void {
    this.#statements = statements
    for (const { migrated } of this.#instances) migrated.clear()
  }

  async #boot(): Promise<Instance> {
    const exact = await this.#bootWith({ isExact: true })
    return (await isExact(exact)) ? exact : this.#bootWith({ isExact: false })
  }

  async #bootWith({ isExact: exact }: { readonly isExact: boolean }): Promise<Instance> {
    return asBootActor(async () => {
      const postgres = await this.#open({ isExact: exact, files: this.#files })
      this.#files ??= await postgres.files()
      warmUp(postgres)
      return { postgres, empty: await postgres.keep([]), migrated: new Map() }
    })
  }
}

/** Loads what PostgreSQL loads lazily, once, so that the picture has it. */
function warmUp(postgres: Postgres): void {
  const stream = new Stream(0, 'warm-up')
  postgres.seed(() => stream.bits())
  postgres.script('do $$ begin perform 1; end $$; select gen_random_uuid(), random(), now()')
  postgres.query('select $1::text, $2::int, $3::jsonb', ['a', 1, '{}'])
}

async function setBack(
  instance: Instance,
  migrations: readonly Migration[],
  statements: readonly string[],
): Promise<Postgres> {
  const { postgres, empty, migrated } = instance
  const key = JSON.stringify(migrations)
  const known = migrated.get(key)
  migrated.delete(key)
  if (known !== undefined) {
    migrated.set(key, known)
    await postgres.restore(known)
    return postgres
  }
  const [oldest] = migrated.keys()
  if (migrated.size >= PICTURES_MAX && oldest !== undefined) migrated.delete(oldest)
  await postgres.restore(empty)
  await asBootActor(async (world) => {
    await migrate(openDatabase(directConnections(postgres), world), migrations)
  })
  migrated.set(key, await asBootActor(async () => kept(postgres, statements)))
  return postgres
}

/** A picture in which the framework's statements are prepared and the user's tables are known. */
async function kept(postgres: Postgres, statements: readonly string[]): Promise<Kept> {
  const { rows } = postgres.query(TABLES, [])
  const touches = rows.map(({ name }) => `select * from ${String(name)} where false`)
  return postgres.keep([...statements, ...touches])
}

/** True if two restores of one picture cannot be told apart. */
async function isExact({ postgres, empty }: Instance): Promise<boolean> {
  const prints: string[] = []
  for (let time = 0; time < 2; time += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the second follows from the first.
    await postgres.restore(empty)
    // oxlint-disable-next-line no-await-in-loop -- as above.
    prints.push(await asBootActor(async () => fingerprint(postgres)))
  }
  await postgres.restore(empty)
  return prints[0] === prints[1]
}

function fingerprint(postgres: Postgres): string {
  const stream = new Stream(1, 'fingerprint')
  postgres.seed(() => stream.bits())
  postgres.script(
    'create table fingerprint (id serial primary key, at timestamptz default now(), ref uuid default gen_random_uuid())',
  )
  postgres.query('insert into fingerprint select from generate_series(1, $1)', [50])
  const { rows } = postgres.query(
    `select max(id)::int, min(at), min(ref::text), random(), pg_current_wal_lsn()::text,
       pg_current_xact_id()::text, 'fingerprint'::regclass::oid::int from fingerprint`,
    [],
  )
  return JSON.stringify(rows)
}

async function asBootActor<T>(work: (world: DatabaseActor['world']) => Promise<T>): Promise<T> {
  const actor = new DatabaseActor('boot', 0, { nowUs: BOOT_US })
  return runAs(actor, async () => work(actor.world))
}

/** Connections that take no time: nothing else happens while databases are prepared. */
function directConnections(postgres: Postgres): Connections {
  return {
    exclusive: true,
    acquire: async () => ({
      // The row's shape is the caller's claim about its own statement, as with every driver.
      query: async (text, params = []) => postgres.query(text, params) as Rows<never>,
      script: async (text) => postgres.script(text),
      release: () => {
        if (postgres.isInTransaction) postgres.script('rollback')
      },
    }),
    close: async () => {},
  }
}
