/**
 * A service's own database: single statements, and transactions with a deadline.
 *
 * Invariants:
 *   B1. No statement and no lock wait outlives the deadline that its caller gave.
 *   B2. A transaction is committed, rolled back, or reported as HF_DB_COMMIT_UNKNOWN. Never silent.
 *   B3. A transaction's executor refuses to run once the transaction has ended.
 *   B4. Every error is a HoldfastError with the SQLSTATE's meaning (sqlstate.ts).
 */
import type { Rows, SqlExecutor, TransactionIsolation } from '#model'
import type { Statement } from './connection.ts'

/** A transaction in progress. */
export interface Transaction extends SqlExecutor {
  /** Runs several statements without parameters, for migrations. */
  script(text: string): Promise<void>
  /**
   * Runs a statement after all others, in one round trip with COMMIT. Its failure is the transaction's.
   */
  beforeCommit(statement: Statement): void
  /** Runs `work` and undoes what it wrote if `keep` is false or it throws; the transaction lives on. */
  savepoint<T>(work: () => Promise<{ readonly keep: boolean; readonly value: T }>): Promise<T>
}

/** The bounds of a transaction. */
export interface TransactionOptions {
  /** What is left of the caller's deadline, in ms: bounds connecting, statements, locks and commit. */
  readonly timeoutMs: number
  /** Longest wait for one lock, in ms. @defaultValue the smaller of 5 s and `timeoutMs` */
  readonly lockTimeoutMs?: number
  /** Refuses writes (SQLSTATE 25006). @defaultValue false */
  readonly readOnly?: boolean
  /** @defaultValue 'read committed' */
  readonly isolation?: TransactionIsolation
}

/** A database that one service owns. */
export interface Database {
  readonly exclusive: boolean
  /** One statement in its own transaction. `timeoutMs` defaults to 5 s. */
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    options?: { readonly timeoutMs?: number },
  ): Promise<Rows<Row>>
  /**
   * Runs `work` in one transaction; commits if it returns, rolls back if it throws. What ended in a
   * conflict is run again, from the start, while the time lasts.
   */
  transaction<T>(options: TransactionOptions, work: (tx: Transaction) => Promise<T>): Promise<T>
  /** As in `Connections`; `undefined` where no other process can send a notice. */
  hear?(channel: string, heard: () => void): (() => void) | undefined
  close(): Promise<void>
}
