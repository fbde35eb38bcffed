/**
 * The user's own open transaction as an executor: `pg` and PGlite, by their shape.
 *
 * Nothing is imported: whatever has such a `query` will do, a `pg.Client` or a client of a pool as well
 * as whatever wraps them. Kysely's is in `holdfast/kysely`.
 *
 * Invariants:
 *   X1. Each statement goes to the transaction that was given, and to no other connection.
 *   X2. `rowCount` is the number of rows that were touched, also where none is returned.
 */
import type { SqlExecutor } from '#model'

/** What is used of a client of `pg` on which the user has sent `begin`. */
export interface PgLike {
  query(
    text: string,
    params?: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly rowCount: number | null }>
}

/** A client of `pg`, in a transaction, as an executor. */
export function fromPg(client: PgLike): SqlExecutor {
  return {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the port says it so.
    async query<Row>(text: string, params: readonly unknown[] = []) {
      const { rows, rowCount } = await client.query(text, [...params])
      // The rows of a statement have the type that whoever wrote the statement says.
      return { rows: rows as Row[], rowCount: rowCount ?? rows.length }
    },
  }
}

/** What is used of the transaction that PGlite's `transaction` hands out. */
export interface PgliteLike {
  query(
    text: string,
    params?: unknown[],
  ): Promise<{ readonly rows: unknown[]; readonly affectedRows?: number }>
}

/** A transaction of PGlite as an executor. */
export function fromPglite(transaction: PgliteLike): SqlExecutor {
  return {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the port says it so.
    async query<Row>(text: string, params: readonly unknown[] = []) {
      const { rows, affectedRows = 0 } = await transaction.query(text, [...params])
      // The rows of a statement have the type that whoever wrote the statement says.
      return { rows: rows as Row[], rowCount: Math.max(rows.length, affectedRows) }
    },
  }
}
