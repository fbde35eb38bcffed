/**
 * `holdfast/postgres-js`: an open transaction of postgres.js as an executor, by its shape.
 *
 * Invariants: X1 to X3 of `lent.ts`, and
 *   J1. Text arrives as it is. By itself postgres.js writes a string for a `json` column as JSON of a
 *       string, so the JSON that it holds would become one long scalar.
 */
import type { SqlExecutor } from '#model'
import { lent } from './lent.ts'

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
