/**
 * The user's own open transaction of `pg` or PGlite as an executor, by its shape.
 *
 * Nothing is imported: whatever has such a `query` will do, a `pg.Client` or a client of a pool as well
 * as whatever wraps them. Kysely, Drizzle and postgres.js have subpaths of their own.
 *
 * Invariants: X1 to X3 of `lent.ts`.
 */
import type { SqlExecutor } from '#model'
import { lent } from './lent.ts'

/** What is used of a client of `pg` on which the user has sent `begin`. */
export interface PgLike {
  query(
    text: string,
    params?: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>
}

/** A client of `pg`, in a transaction, as an executor. */
export function fromPg(client: PgLike): SqlExecutor {
  return lent('pg', async (text, params) => {
    const { rows, rowCount } = await client.query(text, params)
    return { rows, rowCount: rowCount ?? rows.length }
  })
}

/** What is used of the transaction that PGlite's `transaction` hands out. */
export interface PgliteLike {
  query(
    text: string,
    params?: unknown[],
    options?: { parsers: Record<number, (text: string) => unknown> },
  ): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number }>
}

/** `bigint`, which PGlite reads as a number where it fits and `pg` always as text. */
const PARSERS = { 20: String }

/** A transaction of PGlite as an executor. */
export function fromPglite(transaction: PgliteLike): SqlExecutor {
  return lent('PGlite', async (text, params) => {
    const { rows, affectedRows = 0 } = await transaction.query(text, params, { parsers: PARSERS })
    return { rows, rowCount: Math.max(rows.length, affectedRows) }
  })
}
