/**
 * A transaction that the user opened and lends to Holdfast, whatever library it is of.
 *
 * Invariants:
 *   X1. Each statement goes to the transaction that was lent, and to no other connection.
 *   X2. `rowCount` is the number of rows that were touched, also where none is returned.
 *   X3. Inside a transaction of Holdfast nothing is sent: it would be another connection's.
 */
import { HoldfastError } from '#errors'
import type { Rows, RowShape, SqlExecutor } from '#model'
import { assertOutsideTransaction } from '#state'

/** The transaction of `library` as an executor; `send` runs one statement in it. */
export function lent(
  library: string,
  send: (text: string, params: unknown[]) => Promise<Rows<unknown>>,
): SqlExecutor {
  return {
    // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the port says it so.
    async query<Row>(text: string, params: readonly unknown[] = [], shape?: RowShape) {
      assertOutsideTransaction(`a transaction of ${library}`)
      if (shape === 'cells') throw unnamed(library)
      const { rows, rowCount } = await send(text, [...params])
      // The rows of a statement have the type that whoever wrote the statement says.
      return { rows: rows as Row[], rowCount }
    },
  }
}

function unnamed(library: string): HoldfastError {
  return new HoldfastError('HF_DB_STATEMENT_FAILED', {
    detail: `a lent transaction of ${library} gives rows by the names of their columns only`,
    fix: 'Use the builder with which the transaction was opened.',
  })
}
