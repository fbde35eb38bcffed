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

/** Runs one parameterised statement. Parameters are `$1`, `$2`, …; JSON goes in as a string. */
export interface SqlExecutor {
  query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
  ): Promise<Rows<Row>>
}

/** A service's own database: where its migrations are, and how its handlers like to write SQL. */
export interface DatabaseDeclaration<Tx = unknown> {
  /** Folder of `NNNN_name.sql` files. */
  readonly migrations: URL
  /** Lays the handler's query builder over a transaction. */
  readonly over: (executor: SqlExecutor) => Tx
}

/** Plain SQL: handlers get the `SqlExecutor` itself. */
export function sql(options: { readonly migrations: URL }): DatabaseDeclaration<SqlExecutor> {
  return { migrations: options.migrations, over: (executor) => executor }
}
