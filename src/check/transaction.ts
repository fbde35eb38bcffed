/**
 * Transactions over lists: the workload that lets a checker see the order of all versions.
 *
 * Intuition: where transactions only append, whoever reads a list sees everything that was ever
 * written to it, in order. A register would show its last value and hide how it came about.
 *
 * Invariants:
 *   T1. A value is appended to a key at most once in the whole history.
 *   T2. 'aborted' is certain; where nobody learned the outcome it is 'unknown'.
 *   T3. A process runs one transaction at a time.
 */
import { HISTORY_LENGTH_MAX, historyInvalid } from './history.ts'

/** What is appended. */
export type Item = string | number

/** One operation within a transaction. */
export type ListOperation =
  | { readonly f: 'append'; readonly key: string; readonly value: Item }
  /** `values` is what was read, from the first item on; absent where it is not known. */
  | { readonly f: 'read'; readonly key: string; readonly values?: readonly Item[] }

/** One transaction, as its client saw it. */
export interface Transaction {
  readonly id: string
  readonly process: string
  readonly startedAt: number
  /** Absent where the client never learned that it had ended. */
  readonly endedAt?: number
  readonly outcome: 'committed' | 'aborted' | 'unknown'
  readonly operations: readonly ListOperation[]
}

/** Who appended a value, and whether it was that transaction's last one to the key. */
export interface Append {
  /** Position in the history. */
  readonly writer: number
  readonly isFinal: boolean
}

/** Every append of a history, by key and value. */
export class Appends {
  readonly #byKey = new Map<string, Map<Item, Append>>()

  /** @throws HF_HISTORY_INVALID if a value was appended to a key twice, effect 'none'. */
  constructor(history: readonly Transaction[]) {
    requireTransactions(history)
    for (const [writer, { operations }] of history.entries()) {
      const last = new Map<string, Item>()
      for (const each of operations) if (each.f === 'append') last.set(each.key, each.value)
      for (const each of operations) {
        if (each.f !== 'append') continue
        const known = this.of(each.key, each.value)
        if (known !== undefined) throw appendedTwice(each, history[known.writer], history[writer])
        this.#ofKey(each.key).set(each.value, {
          writer,
          isFinal: last.get(each.key) === each.value,
        })
      }
    }
  }

  /** Who appended the value; `undefined` if nobody did. */
  of(key: string, value: Item | undefined): Append | undefined {
    return value === undefined ? undefined : this.#byKey.get(key)?.get(value)
  }

  /** All appends, key by key. */
  *all(): Generator<{ readonly key: string; readonly value: Item; readonly writer: number }> {
    for (const [key, items] of this.#byKey)
      for (const [value, { writer }] of items) yield { key, value, writer }
  }

  #ofKey(key: string): Map<Item, Append> {
    const known = this.#byKey.get(key) ?? new Map<Item, Append>()
    this.#byKey.set(key, known)
    return known
  }
}

function requireTransactions(history: readonly Transaction[]): void {
  if (history.length > HISTORY_LENGTH_MAX)
    throw historyInvalid(
      `${history.length} transactions are over the limit of ${HISTORY_LENGTH_MAX}; check them in pieces`,
    )
  for (const { id, startedAt, endedAt } of history)
    if (Number.isNaN(startedAt) || (endedAt ?? Infinity) < startedAt)
      throw historyInvalid(`transaction ${id} started at ${startedAt} and ended at ${endedAt}`)
}

function appendedTwice(
  { key, value }: { readonly key: string; readonly value: Item },
  first: Transaction | undefined,
  second: Transaction | undefined,
): Error {
  return historyInvalid(
    `${value} is appended to ${key} by ${first?.id} and by ${second?.id}; each value of a key must be unique`,
  )
}
