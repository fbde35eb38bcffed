/**
 * Knows whether the code that runs is inside a transaction that Holdfast opened.
 *
 * Intuition: inside one, every other way to a database is a mistake. On the only connection of PGlite
 * it waits for ever, on PostgreSQL it commits what the transaction may yet undo.
 *
 * Invariant W1: what `work` starts is inside until `work` has ended, and not for longer.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { HoldfastError } from '#errors'

const within = new AsyncLocalStorage<{ isOpen: boolean }>()

/** Runs `work`, and marks everything that it starts as inside. */
export async function insideTransaction<T>(work: () => Promise<T>): Promise<T> {
  const scope = { isOpen: true }
  try {
    return await within.run(scope, work)
  } finally {
    scope.isOpen = false
  }
}

/**
 * Refuses `what` inside a transaction.
 *
 * @throws HF_DB_OUTSIDE_TRANSACTION (effect none).
 */
export function assertOutsideTransaction(what: string): void {
  if (within.getStore()?.isOpen !== true) return
  throw new HoldfastError('HF_DB_OUTSIDE_TRANSACTION', {
    detail: `${what} was used inside a transaction of Holdfast, where only its \`tx\` may be`,
  })
}
