/**
 * The port to a PostgreSQL that lives in this process's memory and answers at once.
 *
 * Invariants an implementation keeps:
 *   G1. Values are those of `pg`, and a rejected statement carries its SQLSTATE in `code`.
 *   G2. Time comes from the global `Date`, `performance` and timers, taken at the moment of use, so that
 *       the simulation's clock is the database's; randomness only from `seed`.
 *   G3. After `restore` the database behaves, to the bit, as it did after `keep`.
 */
import type { Rows, RowShape } from '#model'

/** One database with one session. */
export interface Postgres {
  /** Runs one parameterised statement. @throws an error with the SQLSTATE in `code` */
  query(text: string, params: readonly unknown[], shape?: RowShape): Rows<Record<string, unknown>>
  /** Runs several statements without parameters. */
  script(text: string): void
  /** True between BEGIN and the end of the transaction, failed or not. */
  readonly isInTransaction: boolean
  /** Where `random()`, `gen_random_uuid()` and the like get their bits from, 32 at a time. */
  seed(bits: () => number): void
  /**
   * Takes a picture of the database at rest, in which these statements are prepared as far as they can
   * be. The result can be restored any number of times.
   */
  keep(statements: readonly string[]): Promise<Kept>
  restore(kept: Kept): Promise<void>
  /** All files of the database. */
  files(): Promise<Blob>
}

/** A picture of a database. Only the database that gave it can restore it. */
export type Kept = { readonly '~kept': true }

/** How to open a database. */
export interface Opening {
  /** False asks for pictures that do not depend on the insides of the engine, but may be slower. */
  readonly isExact: boolean
  /** The files of another database, fresh as they were: copying them is faster than making them. */
  readonly files: Blob | undefined
}

/** Opens an empty database. */
export type OpenPostgres = (opening: Opening) => Promise<Postgres>
