/**
 * `holdfast/postgres-js`: handlers that write SQL as templates, and an open transaction of postgres.js lent
 * to Holdfast, by its shape.
 *
 * A client of postgres.js owns its connections, so it cannot be laid over one of ours: handlers get a tag
 * that reads like its `sql`, without its helpers for lists of columns.
 *
 * Invariants: X1 to X3 of `lent.ts`, and
 *   J1. Text arrives as it is. By itself postgres.js writes a string for a `json` column as JSON of a
 *       string, so the JSON that it holds would become one long scalar.
 */
import type { DatabaseDeclaration, DatabaseOptions, SqlExecutor } from '#model'
import { lent } from './lent.ts'
import { templateOver, type TemplateTag } from './template-sql.ts'

/** A service database whose handlers write SQL as templates. */
export function postgresJs(options: DatabaseOptions): DatabaseDeclaration<TemplateTag> {
  return { ...options, over: templateOver }
}

/** What is used of the `sql` that `sql.begin` hands out. */
export interface PostgresJsLike {
  unsafe(
    text: string,
    // The types of postgres.js name each kind of parameter; what is made here are some of them.
    params?: never[],
  ): PromiseLike<readonly unknown[] & { readonly count: number | null }>
  typed(value: never, type: number): unknown
}

/** PostgreSQL's `unknown`: the server still chooses the type, but postgres.js no longer converts. */
const UNKNOWN = 705

/** A transaction of postgres.js as an executor. */
export function fromPostgresJs(transaction: PostgresJsLike): SqlExecutor {
  return lent('postgres.js', async (text, params) => {
    const given = params.map((value) =>
      typeof value === 'string' ? transaction.typed(value as never, UNKNOWN) : (value ?? null),
    )
    const rows = await transaction.unsafe(text, given as never[])
    return { rows: [...rows], rowCount: rows.count ?? rows.length }
  })
}
