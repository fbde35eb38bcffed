/**
 * The port that a database adapter implements: connections that run one statement at a time.
 *
 * Everything above it (transactions, deadlines, error codes, migrations) is written once, in this
 * folder, and runs unchanged on PGlite, on PostgreSQL and in the simulation.
 *
 * Invariants every adapter keeps (test/conformance/database):
 *   N1. JavaScript values are those of `pg`: bigint and numeric as strings, timestamps as `Date`,
 *       json parsed, bytea as bytes.
 *   N2. A rejected statement carries the SQLSTATE in `code`, where there is one.
 *   N3. After `release({ broken: true })` the connection is never handed out again, and its open
 *       transaction is rolled back by the server.
 *   N4. What is sent together is executed in its order, as if each statement were sent alone.
 */
import type { Rows, RowShape, SqlExecutor } from '#model'

/** One statement. Without `params` it is a script: it may be several, and its rows are not read. */
export interface Statement {
  readonly text: string
  readonly params?: readonly unknown[]
  /** @defaultValue 'named' */
  readonly shape?: RowShape | undefined
}

/** One session of the database, in exclusive use until it is released. */
export interface Connection extends SqlExecutor {
  /** Runs several statements without parameters. */
  script(text: string): Promise<void>
  /**
   * Sends several statements in one round trip, and gives the rows of the last. Rejects with the first
   * failure; it does not keep those behind it from being sent. Absent where a trip costs nothing.
   */
  together?<Row>(statements: readonly Statement[]): Promise<Rows<Row>>
  /** Gives the connection back, once. */
  release(fate: { readonly broken: boolean }): void
}

/** A bounded set of connections to one database. */
export interface Connections {
  /** True if no other process can have the database open: then no lease of another holder can live. */
  readonly exclusive: boolean
  /**
   * Waits at most `waitMsMax` for a connection.
   *
   * @throws HF_DB_UNREACHABLE (effect none) naming the server, without the password.
   */
  acquire(waitMsMax: number): Promise<Connection>
  /**
   * Calls `heard` for each NOTIFY on the channel, over a connection of its own, until the function that
   * it gives is called. A notice may be lost. Absent where no other process can send one.
   */
  hear?(channel: string, heard: () => void): () => void
  /** Ends all connections. Later calls of `acquire` throw HF_DB_UNREACHABLE. */
  close(): Promise<void>
}
