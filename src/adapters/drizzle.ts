/**
 * `holdfast/drizzle`: Drizzle over the handler's own transaction, and a transaction of Drizzle lent to
 * Holdfast.
 *
 * Invariants: X1 to X3 of `lent.ts`, and
 *   D1. Every statement of the builder goes to the executor that the handler was given.
 *   D2. `transaction()` of the builder is refused: the handler already is one.
 *   D3. Values are placed by the order of the columns: two tables that are joined may share names.
 */
import { type SQL, sql } from 'drizzle-orm'
import { drizzle as remote, type PgRemoteDatabase } from 'drizzle-orm/pg-proxy'
import { HoldfastError } from '#errors'
import type { DatabaseDeclaration, DatabaseOptions, Rows, SqlExecutor } from '#model'
import { lent } from './lent.ts'

/** What may be said of a database whose handlers write Drizzle. */
export interface DrizzleOptions<Schema extends Record<string, unknown>> extends DatabaseOptions {
  /** The tables and relations, for `tx.query.orders.findMany`. */
  readonly schema?: Schema
}

/** A service database whose handlers write Drizzle. */
export function drizzle<Schema extends Record<string, unknown> = Record<string, never>>({
  schema,
  ...options
}: DrizzleOptions<Schema>): DatabaseDeclaration<PgRemoteDatabase<Schema>> {
  const config = schema === undefined ? {} : { schema }
  const over = (executor: SqlExecutor): PgRemoteDatabase<Schema> => {
    const builder = remote<Schema>(
      // `all` asks for values in the order of the columns, `execute` for rows with names.
      (text, params, method) => executor.query(text, params, method === 'all' ? 'cells' : 'named'),
      config,
    )
    return Object.assign(builder, { transaction: refuseTransaction })
  }
  return { ...options, over }
}

async function refuseTransaction(): Promise<never> {
  throw new HoldfastError('HF_DB_OUTSIDE_TRANSACTION', {
    detail: 'a handler already is one transaction, it cannot begin another',
    fix: 'Use `tx` directly; split the work into two handlers if it must commit twice.',
  })
}

/** What is used of a transaction of Drizzle over `pg`, postgres.js or PGlite. */
export interface DrizzleLike {
  execute(query: SQL): PromiseLike<unknown>
}

/** The user's own open transaction of Drizzle as an executor, for `outbox` and `once`. */
export function fromDrizzle(transaction: DrizzleLike): SqlExecutor {
  return lent('Drizzle', async (text, params) =>
    rowsOf(await transaction.execute(withParams(text, params))),
  )
}

/** The statement with its parameters in their places. An array stays one parameter. */
function withParams(text: string, params: readonly unknown[]): SQL {
  const parts = text.split(/\$(\d+)/)
  return sql.join(
    parts.map((part, index) =>
      index % 2 === 0 ? sql.raw(part) : sql`${sql.param(params[Number(part) - 1] ?? null)}`,
    ),
  )
}

/** The answer, which each of Drizzle's drivers passes on as it got it. */
function rowsOf(answer: unknown): Rows<unknown> {
  const rows: unknown = Array.isArray(answer) ? answer : Reflect.get(Object(answer), 'rows')
  const all: unknown[] = Array.isArray(rows) ? [...rows] : []
  const counts = ['rowCount', 'count', 'affectedRows'].map((name): unknown =>
    Reflect.get(Object(answer), name),
  )
  return { rows: all, rowCount: Math.max(all.length, ...counts.map((each) => Number(each ?? 0))) }
}
