/**
 * What a handler may say to its database: one statement at a time, in the transaction it was given.
 *
 * The interface is structural on purpose: everything that can run SQL can be one, and the core
 * imports none of them. A service may lay its own query builder over it.
 */

/** The rows of one statement. `rowCount` counts the rows touched, also where none is returned. */
export interface Rows<Row> {
  readonly rows: Row[]
  readonly rowCount: number
}

/**
 * How a row is handed over: by the names of its columns, or as `cells`, an array in their order with
 * moments as PostgreSQL writes them, for builders that place and parse values themselves.
 */
export type RowShape = 'named' | 'cells'

/** Runs one parameterised statement. Parameters are `$1`, `$2`, …; JSON goes in as a string. */
export interface SqlExecutor {
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    shape?: RowShape,
  ): Promise<Rows<Row>>
}

/**
 * How far the transactions of one database are kept apart.
 *
 * `read committed` lets another transaction commit between what a handler reads and what it writes: a
 * handler that decides by what it has read must lock it, or decide and write in one statement.
 * `serializable` behaves as if the handlers ran one after another. PostgreSQL ends one of two that
 * cannot be put in an order, and that one is repeated inside its owner.
 *
 * @see Ports & Grittner, Serializable Snapshot Isolation in PostgreSQL, VLDB 2012; ADR 0019
 */
export type TransactionIsolation = 'read committed' | 'serializable'

/** What a service may say of its database, whatever its handlers write SQL with. */
export interface DatabaseOptions {
  /** Folder of `NNNN_name.sql` files. */
  readonly migrations: URL
  /** Of every handler's transaction. @defaultValue 'read committed' */
  readonly isolation?: TransactionIsolation
}

/** A service's own database: where its migrations are, and how its handlers like to write SQL. */
export interface DatabaseDeclaration<Tx = unknown> {
  /** Folder of `NNNN_name.sql` files. */
  readonly migrations: URL
  /** Of every handler's transaction. @defaultValue 'read committed' */
  readonly isolation?: TransactionIsolation
  /** Lays the handler's query builder over a transaction. */
  readonly over: (executor: SqlExecutor) => Tx
}

/** Plain SQL: handlers get the `SqlExecutor` itself. */
export function sql(options: DatabaseOptions): DatabaseDeclaration<SqlExecutor> {
  return { ...options, over: (executor) => executor }
}
