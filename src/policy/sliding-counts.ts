/**
 * Counts of the last seconds: a ring of time slices that expire by time and not by traffic.
 *
 * Intuition: one row of counters for each slice of time. Whoever looks at the ring first empties the
 * rows whose time is over, so that an hour of silence leaves nothing of what was before it.
 *
 * Invariants:
 *   S1. An event counts while its slice is one of the last `slices`: longer than
 *       (slices − 1) · sliceMs, and at most slices · sliceMs.
 *   S2. Memory is fixed at birth: slices · columns counters.
 *   S3. A clock that stands still or goes back expires nothing and revives nothing.
 *
 * Source: the bucket ring of Linkerd's failure accrual. Rejected: an exponential average, whose
 * memory depends on the request rate; and windows that turn only when a call comes (cockatiel opened
 * a circuit on failures that were an hour old).
 */
import { assert } from '#errors'

/** The shape of the ring. The window is `slices` · `sliceMs` long. */
export interface SlidingShape {
  readonly slices: number
  readonly sliceMs: number
  /** How many kinds of event are counted apart. */
  readonly columns: number
}

/** Counts events of several kinds over the last slices of time. */
export class SlidingCounts {
  readonly #slices: number
  readonly #sliceMs: number
  readonly #columns: number
  readonly #rows: Uint32Array
  readonly #totals: Float64Array
  /** Number of the newest slice since the clock's own zero. */
  #newest = Number.NEGATIVE_INFINITY

  constructor({ slices, sliceMs, columns }: SlidingShape) {
    assert(slices >= 1 && sliceMs > 0 && columns >= 1, 'a window has slices, time and columns')
    this.#slices = slices
    this.#sliceMs = sliceMs
    this.#columns = columns
    this.#rows = new Uint32Array(slices * columns)
    this.#totals = new Float64Array(columns)
  }

  /** Moves to the present. Every reading and writing goes through here: `counts.at(nowMs).add(0)`. */
  at(nowMs: number): this {
    const slice = Math.floor(nowMs / this.#sliceMs)
    if (slice > this.#newest) this.#advance(slice)
    return this
  }

  /** Counts one event of this kind in the newest slice. */
  add(column: number): void {
    const cell = this.#rowOf(this.#newest) + column
    this.#rows[cell] = (this.#rows[cell] ?? 0) + 1
    this.#totals[column] = (this.#totals[column] ?? 0) + 1
  }

  /** How many events of this kind the window holds. */
  total(column: number): number {
    return this.#totals[column] ?? 0
  }

  /** Forgets everything. */
  clear(): void {
    this.#rows.fill(0)
    this.#totals.fill(0)
  }

  #advance(slice: number): void {
    // After a whole turn every row is old, so there is never more than one turn to empty.
    const oldest = Math.max(this.#newest + 1, slice - this.#slices + 1)
    for (let each = oldest; each <= slice; each += 1) this.#empty(this.#rowOf(each))
    this.#newest = slice
  }

  #rowOf(slice: number): number {
    // The clock's zero is arbitrary, so a slice may have a negative number.
    return (((slice % this.#slices) + this.#slices) % this.#slices) * this.#columns
  }

  #empty(row: number): void {
    for (let column = 0; column < this.#columns; column += 1) {
      this.#totals[column] = (this.#totals[column] ?? 0) - (this.#rows[row + column] ?? 0)
      this.#rows[row + column] = 0
    }
  }
}
