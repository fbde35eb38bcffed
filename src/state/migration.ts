/**
 * A migration: one plain SQL file, applied once, in order, in a transaction of its own.
 */
import { createHash } from 'node:crypto'
import { HoldfastError } from '#errors'

/** One step of a service's schema. */
export interface Migration {
  /** From the file name `NNNN_name.sql`; positive; applied in ascending order. */
  readonly number: number
  readonly name: string
  readonly sql: string
}

/** One file as it was read. */
export interface MigrationFile {
  readonly fileName: string
  readonly text: string
}

const FILE_NAME = /^(\d{4})_([A-Za-z0-9_-]+)\.sql$/

/**
 * The migrations in a folder's files, in ascending order. Files that do not end in `.sql` are left out.
 *
 * @throws HF_MIGRATION_INVALID naming every file whose name cannot be used.
 */
export function parseMigrations(files: readonly MigrationFile[]): Migration[] {
  const sqlFiles = files.filter(({ fileName }) => fileName.endsWith('.sql'))
  const wrong = sqlFiles.map(({ fileName }) => fileName).filter((name) => !FILE_NAME.test(name))
  if (wrong.length > 0)
    throw invalid(`these files are not named NNNN_name.sql: ${wrong.join(', ')}`)
  const migrations = sqlFiles.map(({ fileName, text }) => {
    const [, number = '', name = ''] = FILE_NAME.exec(fileName) ?? []
    return { number: Number(number), name, sql: text }
  })
  return inOrder(migrations)
}

/**
 * The migrations in ascending order.
 *
 * @throws HF_MIGRATION_INVALID if a number is used twice or is not between 1 and 9999.
 */
export function inOrder(migrations: readonly Migration[]): Migration[] {
  const ordered = migrations.toSorted((left, right) => left.number - right.number)
  for (const [index, migration] of ordered.entries()) {
    const { number } = migration
    if (!Number.isInteger(number) || number < 1 || number > 9_999) {
      throw invalid(`the number of ${fileNameOf(migration)} is not between 1 and 9999`)
    }
    const next = ordered[index + 1]
    if (next?.number === number) {
      throw invalid(`${fileNameOf(migration)} and ${fileNameOf(next)} have the same number`)
    }
  }
  return ordered
}

/** `0001_orders.sql`: the file that the migration came from. */
export function fileNameOf({ number, name }: Pick<Migration, 'number' | 'name'>): string {
  return `${String(number).padStart(4, '0')}_${name}.sql`
}

/** SHA-256 of the text in hexadecimal; the same for both conventions of ending a line. */
export function checksumOf({ sql }: Migration): string {
  return createHash('sha256').update(sql.replaceAll('\r\n', '\n')).digest('hex')
}

/** The refusal of a set of migrations. */
export function invalid(detail: string): HoldfastError {
  return new HoldfastError('HF_MIGRATION_INVALID', { detail })
}
