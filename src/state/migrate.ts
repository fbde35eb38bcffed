/**
 * Brings a database to the state that the migration files describe.
 *
 * Intuition: each step takes one lock, looks again at what is applied, and applies the next file in the
 * same transaction that writes down that it did. So any number of processes may start at once: they
 * take turns, and whoever comes second finds the work done.
 *
 * Invariants:
 *   M1. A file is applied at most once, and its row exists if and only if it was.
 *   M2. An applied file never changes, never disappears, and nothing is slipped in before it.
 *   M3. A failed file leaves nothing behind, unless it ended the transaction itself; then it says so.
 */
import { HoldfastError, isHoldfastError } from '#errors'
import type { Database, Transaction } from './database.ts'
import { type Migration, checksumOf, fileNameOf, inOrder, invalid } from './migration.ts'
import { FRAMEWORK_MIGRATIONS, MIGRATION_TABLE } from './schema.ts'

/** Whose tables: Holdfast's own, or the service's. */
export type MigrationScope = 'hf' | 'service'

/** One migration of one scope, by its file. */
export interface MigrationStep {
  readonly scope: MigrationScope
  readonly fileName: string
}

/** What was applied to a database, and what `migrate` would apply next, in order. */
export interface MigrationStatus {
  readonly applied: readonly MigrationStep[]
  readonly pending: readonly MigrationStep[]
}

/** The bounds of migrating. */
export interface MigrateOptions {
  /** The longest that one file may take, waiting for other processes included. @defaultValue 300,000 */
  readonly timeoutMs?: number
}

const TIMEOUT_MS_DEFAULT = 300_000

/** Longest wait of a file for a table's lock: meanwhile everybody else queues behind it. */
const TABLE_LOCK_MS_MAX = 5_000

/** Key of the advisory lock: the bytes of 'hold' and 'fast'. */
const LOCK = 'select pg_advisory_xact_lock(1752132708, 1717662580)'

/**
 * Asked before the table is made: its comments would be written at every start, even where they say the
 * same, and whoever writes to the catalogue makes all sessions plan their statements anew.
 */
const TABLE_EXISTS = `select to_regclass('hf.migration') is not null as exists`

/**
 * Applies what is missing, the framework's own tables first. Gives what it applied, in order.
 *
 * @throws HF_MIGRATION_INVALID if the files contradict each other or what was applied before.
 * @throws HF_MIGRATION_CHANGED if an applied file has another text now.
 * @throws HF_MIGRATION_FAILED naming file, line and SQLSTATE; what came before it stays applied.
 */
export async function migrate(
  database: Database,
  migrations: readonly Migration[],
  { timeoutMs = TIMEOUT_MS_DEFAULT }: MigrateOptions = {},
): Promise<readonly MigrationStep[]> {
  const applied: MigrationStep[] = []
  for (const [scope, wanted] of scopes(migrations)) {
    for (;;) {
      const step = await locked(database, timeoutMs, (tx) => applyNext(tx, scope, wanted))
      if (step === undefined) break
      applied.push(step)
    }
  }
  return applied
}

/**
 * What is applied and what is pending. Changes nothing, not even in an empty database.
 *
 * @throws as `migrate`, but HF_MIGRATION_FAILED.
 */
export async function migrationStatus(
  database: Database,
  migrations: readonly Migration[],
): Promise<MigrationStatus> {
  const timeoutMs = 10_000
  const read = await database.transaction({ timeoutMs, readOnly: true }, async (tx) => {
    const { rows } = await tx.query<{ is: boolean }>(
      "select to_regclass('hf.migration') is not null as is",
    )
    const known = rows[0]?.is === true
    const all = scopes(migrations).map(async ([scope, wanted]) => {
      const records = known ? await recordsOf(tx, scope) : []
      return { scope, records, pending: pendingOf(records, wanted) }
    })
    return Promise.all(all)
  })
  return {
    applied: read.flatMap(({ scope, records }) => records.map((each) => stepOf(scope, each))),
    pending: read.flatMap(({ scope, pending }) => pending.map((each) => stepOf(scope, each))),
  }
}

function stepOf(scope: MigrationScope, each: Pick<Migration, 'number' | 'name'>): MigrationStep {
  return { scope, fileName: fileNameOf(each) }
}

/** One row of hf.migration. */
interface MigrationRecord {
  readonly number: number
  readonly name: string
  readonly checksum: string
}

function scopes(migrations: readonly Migration[]): [MigrationScope, Migration[]][] {
  return [
    ['hf', inOrder(FRAMEWORK_MIGRATIONS)],
    ['service', inOrder(migrations)],
  ]
}

/** Runs `work` while no other process migrates this database. */
async function locked<T>(
  database: Database,
  timeoutMs: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T> {
  return database.transaction({ timeoutMs, lockTimeoutMs: timeoutMs }, async (tx) => {
    await tx.query(LOCK)
    const { rows } = await tx.query<{ exists: boolean }>(TABLE_EXISTS)
    if (rows[0]?.exists !== true) {
      await tx.script(`set local client_min_messages = warning; ${MIGRATION_TABLE}`)
    }
    return work(tx)
  })
}

async function applyNext(
  tx: Transaction,
  scope: MigrationScope,
  wanted: readonly Migration[],
): Promise<MigrationStep | undefined> {
  const next = pendingOf(await recordsOf(tx, scope), wanted)[0]
  if (next === undefined) return undefined
  await apply(tx, next)
  await tx.query(
    'insert into hf.migration (scope, number, name, checksum) values ($1, $2, $3, $4)',
    [scope, next.number, next.name, checksumOf(next)],
  )
  return stepOf(scope, next)
}

async function recordsOf(tx: Transaction, scope: MigrationScope): Promise<MigrationRecord[]> {
  const { rows } = await tx.query<MigrationRecord>(
    'select number, name, checksum from hf.migration where scope = $1 order by number',
    [scope],
  )
  return rows
}

/** What is still to be applied, in order. Pure: the whole decision is here. */
function pendingOf(
  records: readonly MigrationRecord[],
  wanted: readonly Migration[],
): readonly Migration[] {
  const newest = records.at(-1)?.number ?? 0
  for (const record of records) {
    const file = wanted.find(({ number }) => number === record.number)
    if (file === undefined) {
      throw invalid(`${fileNameOf(record)} was applied to this database, but the file is missing`)
    }
    if (checksumOf(file) !== record.checksum) throw changed(file, record)
  }
  const pending = wanted.filter(({ number }) => !records.some((each) => each.number === number))
  const late = pending.find(({ number }) => number < newest)
  if (late !== undefined) {
    throw invalid(`${fileNameOf(late)} comes too late: number ${newest} is already applied`)
  }
  return pending
}

async function apply(tx: Transaction, migration: Migration): Promise<void> {
  const transactionId = 'select pg_current_xact_id()::text as id'
  const before = await tx.query<{ id: string }>(transactionId)
  await tx.script(`set local lock_timeout = ${TABLE_LOCK_MS_MAX}`)
  try {
    await tx.script(migration.sql)
  } catch (error) {
    throw isHoldfastError(error, 'HF_DB_UNREACHABLE') ? error : failed(migration, error)
  }
  const after = await tx.query<{ id: string }>(transactionId)
  if (before.rows[0]?.id !== after.rows[0]?.id) throw endedItself(migration)
}

function changed(file: Migration, record: MigrationRecord): HoldfastError {
  const [was, is] = [record.checksum, checksumOf(file)].map((checksum) => checksum.slice(0, 12))
  return new HoldfastError('HF_MIGRATION_CHANGED', {
    detail: `${fileNameOf(file)} was applied with checksum ${was}… and has ${is}… now`,
  })
}

function failed(migration: Migration, error: unknown): HoldfastError {
  const cause = isHoldfastError(error) ? error.cause : error
  const { message, code, position } = wordsOf(cause)
  const line = position === undefined ? '' : `, line ${lineAt(migration.sql, position)}`
  const sqlState = code === undefined ? '' : ` (SQLSTATE ${code})`
  const words = message ?? (error instanceof Error ? error.message : String(error))
  return new HoldfastError('HF_MIGRATION_FAILED', {
    detail: `${fileNameOf(migration)}${line}: ${words}${sqlState}`,
    particulars: { file: fileNameOf(migration), sqlState: code ?? null },
    cause: error,
  })
}

/** A file has no parameters, so the server's own words give away nothing that the file does not. */
function wordsOf(cause: unknown): { message?: string; code?: string; position?: number } {
  if (!(cause instanceof Error)) return {}
  const code: unknown = Reflect.get(cause, 'code')
  const position = Number(Reflect.get(cause, 'position'))
  return {
    message: cause.message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(position >= 1 ? { position } : {}),
  }
}

/** PostgreSQL counts characters from 1, JavaScript would count UTF-16 units. */
function lineAt(text: string, position: number): number {
  return (
    Array.from(text)
      .slice(0, position - 1)
      .filter((each) => each === '\n').length + 1
  )
}

function endedItself(migration: Migration): HoldfastError {
  return new HoldfastError('HF_MIGRATION_FAILED', {
    detail: `${fileNameOf(migration)} ends its transaction with COMMIT or ROLLBACK`,
    effect: 'unknown',
    fix: 'Take BEGIN, COMMIT and ROLLBACK out of the file, and undo by hand what it had committed.',
  })
}
