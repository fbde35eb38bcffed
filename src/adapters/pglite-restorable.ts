/**
 * A PGlite for tests that is set back in milliseconds: as it was after its migrations, before each test.
 *
 * Intuition: making a database takes a second, emptying its tables leaves sequences and statistics
 * behind, and a transaction that is rolled back hides what a commit does. Copying back the memory that
 * the database lives in does none of this, and takes about 3 ms.
 *
 * Invariants:
 *   R1. After `restore` every row, sequence, transaction id and object id is as it was when the picture
 *       was taken. Clocks and randomness go on.
 *   R2. Copying memory depends on the insides of PGlite. So two restores are compared before it is used;
 *       if they differ, or it fails, `restore` opens the database anew from a dump: slower, and as exact.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite, type PGliteOptions } from '@electric-sql/pglite'
import { Camera, type PgliteModule, type Picture } from './pglite-snapshot.ts'

/** What the database is made of. */
export interface RestorableOptions {
  /** A folder with `.sql` files, applied in the order of their names, or the texts themselves. */
  readonly migrations?: URL | readonly string[]
  /** For PGlite, such as its extensions. */
  readonly pglite?: PGliteOptions
  /** `dump` never copies memory. @defaultValue 'memory' */
  readonly by?: 'memory' | 'dump'
}

/** Fewer buffers than usual: they are what a restore has to copy. */
const SETTINGS = ['-c', 'shared_buffers=2MB', '-c', 'wal_buffers=256kB', '-c', 'autovacuum=off']

/** What to go back to: a picture of the memory, or all files. */
type Kept = { readonly picture: Picture; readonly camera: Camera } | { readonly files: Blob }

/**
 * Opens a database, applies the migrations and remembers the result.
 *
 * @example
 * const shop = await restorable({ migrations: ['create table orders (id serial primary key)'] })
 * beforeEach(() => shop.restore())
 */
export async function restorable(options: RestorableOptions = {}): Promise<Restorable> {
  const database = await open(options.pglite, undefined)
  for (const text of await textsOf(options.migrations ?? [])) {
    // oxlint-disable-next-line no-await-in-loop -- migrations follow one another.
    await database.exec(text)
  }
  return Restorable.of(database, options)
}

/** A database and the state that it goes back to. */
export class Restorable {
  readonly #options: RestorableOptions
  readonly #kept: Kept
  #database: PGlite

  private constructor(database: PGlite, kept: Kept, options: RestorableOptions) {
    this.#database = database
    this.#kept = kept
    this.#options = options
  }

  /** Remembers the database as it is now. */
  static async of(database: PGlite, options: RestorableOptions): Promise<Restorable> {
    await warmUp(database)
    const files = await filesOf(database)
    const exact = options.by === 'dump' ? undefined : await pictured(database)
    if (exact !== undefined) return new Restorable(database, exact, options)
    await database.close()
    return new Restorable(await open(options.pglite, files), { files }, options)
  }

  /** The database. Ask again after each restore: a dump is restored into a new one. */
  get database(): PGlite {
    return this.#database
  }

  /** How `restore` works: `dump` if copying memory failed its test. */
  get by(): 'memory' | 'dump' {
    return 'picture' in this.#kept ? 'memory' : 'dump'
  }

  /**
   * Makes everything as it was in the beginning, and gives the database.
   *
   * @throws an error (effect none) while a transaction is open
   */
  async restore(): Promise<PGlite> {
    const kept = this.#kept
    if ('picture' in kept) {
      await atRest(this.#database)
      kept.camera.restore(kept.picture)
      return this.#database
    }
    await this.#database.close()
    this.#database = await open(this.#options.pglite, kept.files)
    return this.#database
  }

  /** Another database that begins as this one is now, and goes back to that. */
  async fork(): Promise<Restorable> {
    await atRest(this.#database)
    const files = await filesOf(this.#database)
    return Restorable.of(await open(this.#options.pglite, files), this.#options)
  }

  async close(): Promise<void> {
    await this.#database.close()
  }
}

async function open(options: PGliteOptions = {}, files: Blob | undefined): Promise<PGlite> {
  return PGlite.create({
    initDbStartParams: ['--wal-segsize=1'],
    startParams: [...PGlite.defaultStartParams, ...SETTINGS],
    ...options,
    ...(files === undefined ? {} : { loadDataDir: files }),
  })
}

/** All files. Without a checkpoint a database that begins with them would recover, and skip numbers. */
async function filesOf(database: PGlite): Promise<Blob> {
  await database.exec('checkpoint')
  return database.dumpDataDir('none')
}

/** Loads what PostgreSQL loads when it is first used, so that a picture has it. */
async function warmUp(database: PGlite): Promise<void> {
  await database.exec('do $$ begin perform gen_random_uuid(), random(), now(); end $$')
}

/** A picture, if restoring it twice gave the same database twice. */
async function pictured(database: PGlite): Promise<Kept | undefined> {
  try {
    const camera = new Camera(insides(database))
    const picture = camera.take()
    const prints: string[] = []
    for (let time = 0; time < 2; time += 1) {
      // oxlint-disable-next-line no-await-in-loop -- the second follows from the first.
      prints.push(await fingerprint(database))
      camera.restore(picture)
    }
    return prints[0] === prints[1] ? { camera, picture } : undefined
  } catch {
    return undefined
  }
}

async function fingerprint(database: PGlite): Promise<string> {
  await database.exec(`
    create table hf_fingerprint (id serial primary key, text text);
    insert into hf_fingerprint (text) select repeat('x', id) from generate_series(1, 50) as id`)
  const { rows } = await database.query(
    `select max(id), pg_current_wal_lsn()::text as lsn, pg_current_xact_id()::text as xid,
       'hf_fingerprint'::regclass::oid::int as oid, count(*)::int as tables
     from hf_fingerprint, pg_class group by 4`,
  )
  return JSON.stringify(rows)
}

/** Waits for what runs. */
async function atRest(database: PGlite): Promise<void> {
  await database.query('select 1')
  if (database.isInTransaction()) {
    throw new Error('a transaction is open: end it before the database is set back or forked')
  }
}

function insides(database: PGlite): PgliteModule {
  // PGlite types its module as Emscripten's common part; these members exist in every build of it.
  return database.Module as unknown as PgliteModule
}

async function textsOf(migrations: URL | readonly string[]): Promise<readonly string[]> {
  if (!(migrations instanceof URL)) return migrations
  const folder = fileURLToPath(migrations)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(names.map(async (name) => readFile(join(folder, name), 'utf8')))
}
