/**
 * A PGlite in memory that answers at once, for the simulation.
 *
 * Each statement is one exchange of the PostgreSQL protocol, made synchronously: the answer is there
 * when the function returns, so that a simulated instant can hold a whole statement. Values pass
 * through `pg`'s own parsers.
 *
 * Invariants:
 *   M1. Values are those of `pg`; errors are PostgreSQL's, with their SQLSTATE in `code`.
 *   M2. PostgreSQL's randomness comes from `seed` alone; its time from the globals at the time of use.
 *   M3. After `restore` the database is as it was at `keep`: to the bit if it was opened with `isExact`,
 *       else as a copy of its files would be.
 *   M4. Exact pictures hold the statements that were named to `keep`, parsed and planned.
 */
import { PGlite } from '@electric-sql/pglite'
import pg from 'pg'
import type { Rows, RowShape } from '#model'
import { cellParser } from './cells.ts'
import { type Answer, type Field, type Parameter, readAnswer, Writer } from './pglite-protocol.ts'
import { Camera, type PgliteModule, type Picture } from './pglite-snapshot.ts'

/** What `keep` gives. */
export interface KeptPglite {
  readonly '~kept': true
  readonly picture: Picture | undefined
  readonly files: Blob | undefined
  /** The statements that the session in the picture has parsed, by their text. */
  readonly prepared: ReadonlyMap<string, Prepared>
}

/** Few buffers, small logs, no background work: what a restore has to copy is what matters here. */
const SETTINGS = {
  shared_buffers: '2MB',
  wal_buffers: '256kB',
  max_connections: '10',
  max_prepared_transactions: '0',
  max_locks_per_transaction: '16',
  autovacuum: 'off',
  track_activities: 'off',
  track_counts: 'off',
  jit: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  plan_cache_mode: 'force_generic_plan',
}

interface Prepared {
  readonly statement: string
  /** Known once it was executed. */
  columns: readonly Column[] | undefined
}

interface Column {
  readonly name: string
  readonly type: number
  readonly parse: (text: string) => unknown
}

/** Opens an empty database in memory. */
export async function openPgliteMemory({
  isExact,
  files,
}: {
  readonly isExact: boolean
  /** The files to begin with; an empty database is made if there are none. */
  readonly files: Blob | undefined
}): Promise<PgliteMemory> {
  return new PgliteMemory(await create(files), isExact)
}

/** One database with one session. */
export class PgliteMemory {
  readonly #isExact: boolean
  #database: PGlite
  #camera: Camera | undefined
  #bits: () => number = () => 0
  /** Statements that the database has parsed, by their text: most texts come many times. */
  readonly #prepared = new Map<string, Prepared>()
  #names = 0
  #isInTransaction = false
  readonly #writer = new Writer()
  readonly #said: Uint8Array[] = []
  readonly #listening = {
    syncToFs: false,
    // The bytes lie in PostgreSQL's own memory, which the next message overwrites.
    onRawData: (bytes: Uint8Array): void => void this.#said.push(bytes.slice()),
  }

  constructor(database: PGlite, isExact: boolean) {
    this.#database = database
    this.#isExact = isExact
    this.#attach()
  }

  get isInTransaction(): boolean {
    return this.#isInTransaction
  }

  query(
    text: string,
    params: readonly unknown[],
    shape: RowShape = 'named',
  ): Rows<Record<string, unknown>> {
    const known = this.#prepared.get(text)
    const prepared = known ?? { statement: `s${this.#names++}`, columns: undefined }
    const { statement } = prepared
    const writer = this.#writer
    if (known === undefined) writer.parse(statement, text)
    writer.bind(statement, params.map(parameter))
    if (prepared.columns === undefined) writer.describePortal()
    writer.execute()
    writer.sync()
    const answer = this.#exchange()
    if (answer.isParsed) this.#prepared.set(text, prepared)
    if (answer.failure !== undefined) throw answer.failure
    prepared.columns ??= (answer.fields ?? []).map(columnOf)
    return rowsOf(answer, prepared.columns, shape)
  }

  script(text: string): void {
    this.#writer.query(text)
    const { failure } = this.#exchange()
    // After a change of the tables a prepared statement might answer in its old shape, or refuse to.
    if (/\b(create|alter|drop)\b/i.test(text) && !this.#hasWrittenNothing()) this.#prepared.clear()
    if (failure !== undefined) throw failure
  }

  /** True if the open transaction has changed no row of any table, those of the catalogue included. */
  #hasWrittenNothing(): boolean {
    if (!this.#isInTransaction) return false
    this.#writer.query('select pg_current_xact_id_if_assigned() is null')
    return this.#exchange().rows[0]?.[0] === 't'
  }

  seed(bits: () => number): void {
    this.#bits = bits
    const { HEAPU8, _pg_global_prng_state: at } = moduleOf(this.#database)
    const state = new Uint32Array(HEAPU8.buffer, at, 4)
    for (let word = 0; word < state.length; word += 1) state[word] = bits()
  }

  async keep(statements: readonly string[] = []): Promise<KeptPglite> {
    this.script('deallocate all')
    this.#know(new Map())
    if (this.#camera !== undefined) {
      for (const text of statements) this.#prepare(text)
      const prepared = new Map(this.#prepared)
      return { '~kept': true, picture: this.#camera.take(), files: undefined, prepared }
    }
    return { '~kept': true, picture: undefined, files: await this.files(), prepared: new Map() }
  }

  async files(): Promise<Blob> {
    return this.#database.dumpDataDir('none')
  }

  async restore(kept: { readonly '~kept': true }): Promise<void> {
    // The port hands back what `keep` gave; only this class can read it.
    const { picture, files, prepared } = kept as KeptPglite
    this.#know(prepared)
    if (picture !== undefined) return this.#camera?.restore(picture)
    await this.#database.close()
    this.#database = await create(files)
    this.#attach()
  }

  #attach(): void {
    const module = moduleOf(this.#database)
    for (const device of ['urandom', 'random']) {
      module.FS.unlink(`/dev/${device}`)
      module.FS.createDevice('/dev', device, () => this.#bits() & 0xff)
    }
    this.#camera = this.#isExact ? new Camera(module) : undefined
  }

  /** These statements, named by the first numbers, are what the session has parsed; no others. */
  #know(prepared: ReadonlyMap<string, Prepared>): void {
    this.#prepared.clear()
    for (const [text, each] of prepared) this.#prepared.set(text, each)
    this.#names = prepared.size
  }

  /** Parses and plans a statement, and reads of the catalogue what that takes. One that fails is left. */
  #prepare(text: string): void {
    const statement = `s${this.#names}`
    const writer = this.#writer
    writer.parse(statement, text)
    writer.describeStatement(statement)
    writer.sync()
    const { isParsed, parameters, fields } = this.#exchange()
    if (!isParsed) return
    this.#names += 1
    // A portal that is bound has its plan; it is never executed, so nothing comes of the missing values.
    writer.bind(
      statement,
      Array.from({ length: parameters }, () => null),
    )
    writer.sync()
    this.#exchange()
    this.#prepared.set(text, { statement, columns: (fields ?? []).map(columnOf) })
  }

  #exchange(): Answer {
    this.#said.length = 0
    // Everything but its promise happens before it returns: see execProtocolRawSync, which it calls,
    // and which would read every answer once more for itself if nobody listened.
    void this.#database.execProtocolRawStream(this.#writer.take(), this.#listening)
    const [only = new Uint8Array()] = this.#said
    const answer = readAnswer(this.#said.length > 1 ? Buffer.concat(this.#said) : only)
    this.#isInTransaction = answer.isInTransaction
    return answer
  }
}

async function create(files: Blob | undefined): Promise<PGlite> {
  const settings = Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return PGlite.create({
    startParams: [...PGlite.defaultStartParams, ...settings],
    initDbStartParams: ['--wal-segsize=1'],
    ...(files === undefined ? {} : { loadDataDir: files }),
  })
}

/** The parts of Emscripten's module that PGlite does not declare. */
interface Insides extends PgliteModule {
  readonly _pg_global_prng_state: number
  readonly FS: PgliteModule['FS'] & {
    unlink(path: string): void
    createDevice(folder: string, name: string, read: () => number): void
  }
}

function moduleOf(database: PGlite): Insides {
  // PGlite types its module as Emscripten's common part; these members exist in every build of it.
  return database.Module as unknown as Insides
}

function columnOf({ name, type }: Field): Column {
  const parse: (text: string) => unknown = pg.types.getTypeParser(type, 'text')
  return { name, type, parse }
}

function rowsOf(
  { rows, tag }: Answer,
  columns: readonly Column[],
  shape: RowShape,
): Rows<Record<string, unknown>> {
  const rowCount = Number(/\d+$/.exec(tag)?.[0] ?? 0)
  if (shape === 'named') return { rows: rows.map((values) => rowOf(columns, values)), rowCount }
  // Whoever asks for cells says so in the type of its rows, too.
  return { rows: rows.map((values) => cellsOf(columns, values)) as never[], rowCount }
}

function cellsOf(columns: readonly Column[], values: readonly (string | null)[]): unknown[] {
  return columns.map(({ type }, index) => {
    const value = values[index] ?? null
    return value === null ? null : cellParser(type)(value)
  })
}

function rowOf(
  columns: readonly Column[],
  values: readonly (string | null)[],
): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (const [index, { name, parse }] of columns.entries()) {
    const value = values[index] ?? null
    row[name] = value === null ? null : parse(value)
  }
  return row
}

/** A parameter as `pg` sends it: text, but bytes as bytes. */
function parameter(value: unknown): Parameter {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return value
  if (isMoment(value)) return value.toISOString()
  if (Array.isArray(value)) return arrayLiteral(value)
  return isPrimitive(value) ? String(value) : JSON.stringify(value)
}

function isMoment(value: unknown): value is { readonly toISOString: () => string } {
  return typeof value === 'object' && value !== null && 'toISOString' in value
}

function isPrimitive(value: unknown): value is string | number | bigint | boolean {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

function arrayLiteral(values: readonly unknown[]): string {
  const elements = values.map((value) => {
    if (Array.isArray(value)) return arrayLiteral(value)
    const element = parameter(value)
    if (element === null) return 'NULL'
    const text =
      typeof element === 'string' ? element : `\\x${Buffer.from(element).toString('hex')}`
    return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  })
  return `{${elements.join(',')}}`
}
