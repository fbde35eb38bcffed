/**
 * A migration: one plain SQL file, applied once, in order, in a transaction of its own.
 */

/** One step of a service's schema. */
export interface Migration {
  /** From the file name `NNNN_name.sql`; positive; applied in ascending order. */
  readonly number: number
  readonly name: string
  readonly sql: string
}
