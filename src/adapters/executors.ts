/**
 * The user's own open transaction of `pg`, PGlite or Prisma as an executor, by its shape.
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

/** What is used of the client that Prisma's `$transaction` hands out. */
export interface PrismaLike {
  $queryRawUnsafe(text: string, ...params: unknown[]): PromiseLike<unknown>
  $executeRawUnsafe(text: string, ...params: unknown[]): PromiseLike<number>
}

/** A statement that gives rows; of any other, Prisma says only how many it touched. */
const GIVES_ROWS = /^\s*(?:select|values|table|show)\b|\breturning\b/i

/** An interactive transaction of Prisma as an executor. */
export function fromPrisma(transaction: PrismaLike): SqlExecutor {
  return lent('Prisma', async (text, params) => {
    if (!GIVES_ROWS.test(text))
      return { rows: [], rowCount: await transaction.$executeRawUnsafe(text, ...params) }
    const answer = await transaction.$queryRawUnsafe(text, ...params)
    const rows: unknown[] = Array.isArray(answer) ? answer : []
    return { rows, rowCount: rows.length }
  })
}
