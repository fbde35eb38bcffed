/**
 * A history: what clients asked of one object, when, and what they were told.
 *
 * Intuition: an operation is an interval. It took effect at some instant between the moment it was
 * asked and the moment it was answered; which one, nobody saw. Where no answer came, the instant may
 * lie anywhere after the question, or nowhere: a lost answer is not a failed operation.
 *
 * Invariants:
 *   H1. An answer never comes before its question.
 *   H2. An operation that certainly did not happen is not in the history at all.
 *   H3. Moments are numbers of one clock that all clients share, or lines of one log.
 */
import { HoldfastError } from '#errors'

/** What the client was told, and when. */
export interface Answer<Output> {
  readonly at: number
  readonly output: Output
}

/** One operation of one client. */
export interface Operation<Input, Output> {
  /** Who asked; for people. */
  readonly process: string
  readonly calledAt: number
  readonly input: Input
  /** Absent where nobody learned the outcome: it may take effect at any later moment, or never. */
  readonly answer?: Answer<Output> | undefined
}

/** Operations of one object or of several, in any order. */
export type History<Input, Output> = readonly Operation<Input, Output>[]

/** Longest history that is read or checked: what one process holds in memory with ease. */
export const HISTORY_LENGTH_MAX = 1_000_000

/**
 * Refuses what cannot be a history.
 *
 * @throws HF_HISTORY_INVALID naming the operation, its two moments or the limit.
 */
export function requireHistory(history: History<unknown, unknown>): void {
  if (history.length > HISTORY_LENGTH_MAX)
    throw historyInvalid(
      `${history.length} operations are over the limit of ${HISTORY_LENGTH_MAX}; check it in pieces`,
    )
  for (const [index, { process, calledAt, answer }] of history.entries()) {
    const isOrdered = answer === undefined || answer.at >= calledAt
    if (Number.isNaN(calledAt) || !isOrdered)
      throw historyInvalid(
        `operation ${index} of process ${process} was called at ${calledAt} and answered at ${answer?.at}`,
      )
  }
}

/** The failure that says what is wrong with a history. */
export function historyInvalid(detail: string): HoldfastError {
  return new HoldfastError('HF_HISTORY_INVALID', { detail })
}
