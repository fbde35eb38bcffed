/**
 * Findings: which promise an entry of a history breaks, in words.
 */
import { HISTORY_LENGTH_MAX, historyInvalid } from './history.ts'

/** One broken promise. */
export interface Finding<Rule extends string = string> {
  readonly rule: Rule
  readonly words: string
  /** Positions in the history of the entries that show it, in their order. */
  readonly entries: readonly number[]
}

/** What a checker of promises gives. */
export interface Findings<Rule extends string = string> {
  readonly verdict: 'kept' | 'broken'
  /** The first of them, at most FINDINGS_MAX. */
  readonly findings: readonly Finding<Rule>[]
  /** How many there are beside those. */
  readonly more: number
}

const FINDINGS_MAX = 100

/** Collects findings up to a bound, and counts the rest. */
export class Collector<Rule extends string> {
  readonly #findings: Finding<Rule>[] = []
  #count = 0

  report(rule: Rule, words: string, entries: readonly number[]): void {
    this.#count++
    if (this.#count <= FINDINGS_MAX) this.#findings.push({ rule, words, entries })
  }

  result(): Findings<Rule> {
    return {
      verdict: this.#count === 0 ? 'kept' : 'broken',
      findings: this.#findings,
      more: this.#count - this.#findings.length,
    }
  }
}

/** Refuses a history that is too long. @throws HF_HISTORY_INVALID naming the limit, effect 'none'. */
export function requireLength(history: readonly unknown[]): void {
  if (history.length > HISTORY_LENGTH_MAX)
    throw historyInvalid(
      `${history.length} entries are over the limit of ${HISTORY_LENGTH_MAX}; check them in pieces`,
    )
}
