/**
 * Kysely over the handler's own transaction: the builder compiles, Holdfast's executor runs.
 *
 * Invariants:
 *   K1. Every statement goes to the executor that the handler was given; there is no second connection.
 *   K2. `transaction()` of the builder is refused: the handler already is one.
 */
import {
  CompiledQuery,
  type DatabaseConnection,
  type Driver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from 'kysely'
import { HoldfastError } from '#errors'
import type { DatabaseDeclaration, DatabaseOptions, SqlExecutor } from '#model'
import { lent } from './lent.ts'

/** A service database whose handlers write Kysely. `DB` is the type of its tables. */
export function kysely<DB>(options: DatabaseOptions): DatabaseDeclaration<Kysely<DB>> {
  return { ...options, over: (executor) => kyselyOver<DB>(executor) }
}

/** Lays Kysely over anything that runs SQL. */
export function kyselyOver<DB>(executor: SqlExecutor): Kysely<DB> {
  return new Kysely<DB>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new ExecutorDriver(executor),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  })
}

/** What is used of a `Transaction` of Kysely. */
export interface KyselyLike {
  executeQuery<R>(query: CompiledQuery<R>): Promise<QueryResult<R>>
}

/** The user's own open transaction of Kysely as an executor, for `outbox` and `once`. */
export function fromKysely(transaction: KyselyLike): SqlExecutor {
  return lent('Kysely', async (text, params) => {
    const { rows, numAffectedRows } = await transaction.executeQuery(
      CompiledQuery.raw(text, params),
    )
    return { rows, rowCount: Math.max(rows.length, Number(numAffectedRows ?? 0n)) }
  })
}

class ExecutorDriver implements Driver {
  readonly #connection: DatabaseConnection

  constructor(executor: SqlExecutor) {
    this.#connection = new ExecutorConnection(executor)
  }

  async init(): Promise<void> {}
  async destroy(): Promise<void> {}
  async releaseConnection(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return this.#connection
  }

  async beginTransaction(): Promise<void> {
    throw new HoldfastError('HF_DB_OUTSIDE_TRANSACTION', {
      detail: 'a handler already is one transaction, it cannot begin another',
      fix: 'Use `tx` directly; split the work into two handlers if it must commit twice.',
    })
  }

  async commitTransaction(): Promise<void> {
    return this.beginTransaction()
  }

  async rollbackTransaction(): Promise<void> {
    return this.beginTransaction()
  }
}

class ExecutorConnection implements DatabaseConnection {
  readonly #executor: SqlExecutor

  constructor(executor: SqlExecutor) {
    this.#executor = executor
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    const { rows, rowCount } = await this.#executor.query<R>(sql, parameters)
    return { rows, numAffectedRows: BigInt(rowCount) }
  }

  // oxlint-disable-next-line require-yield -- the interface asks for a generator; this one refuses.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new HoldfastError('HF_DB_STATEMENT_FAILED', {
      detail: 'streaming needs a cursor, which a handler does not have',
      fix: 'Read in pages with `limit` and a key.',
    })
  }
}
