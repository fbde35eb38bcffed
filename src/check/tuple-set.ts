/**
 * A set of tuples of whole numbers, all of one width: what a search has already tried.
 *
 * Intuition: a search remembers millions of small tuples. As strings in a `Set` each would cost a
 * hundred bytes and the collector's time; here they lie one after the other in one typed array, with
 * a table of positions beside it. Tuples are compared in full: equal hashes alone prove nothing.
 *
 * Invariants:
 *   T1. `add` is true exactly once for each tuple.
 *   T2. The table is at most half full, so a probe ends after two steps on average.
 *   T3. Memory is reserved from the budget before it grows; without it nothing is added.
 */
import type { Budget } from './budget.ts'

const CAPACITY_FIRST = 64

/** Remembers tuples within a budget. */
export class TupleSet {
  readonly #width: number
  readonly #budget: Budget
  #tuples: Int32Array = new Int32Array(0)
  /** Position of a tuple plus one; 0 is free. */
  #table: Int32Array = new Int32Array(0)
  #size = 0
  #bytes = 0

  constructor(width: number, budget: Budget) {
    this.#width = width
    this.#budget = budget
  }

  get size(): number {
    return this.#size
  }

  /** Adds the tuple; false if it was here before, or if there is no memory for it. */
  add(tuple: Int32Array): boolean {
    if (this.#size * 2 >= this.#table.length && !this.#grow()) return false
    const slot = this.#slotOf(tuple, 0)
    if (this.#table[slot] !== 0) return false
    this.#tuples.set(tuple, this.#size * this.#width)
    this.#table[slot] = ++this.#size
    return true
  }

  /** Calls back with the position of each tuple's first number and the array that it lies in. */
  each(visit: (tuples: Int32Array, offset: number) => void): void {
    for (let index = 0; index < this.#size; index++) visit(this.#tuples, index * this.#width)
  }

  /** Gives all memory back; the set is empty afterwards. */
  clear(): void {
    this.#budget.release(this.#bytes)
    this.#tuples = new Int32Array(0)
    this.#table = new Int32Array(0)
    this.#size = 0
    this.#bytes = 0
  }

  /** The slot that holds the tuple at `offset` of `source`, or the free one where it belongs. */
  #slotOf(source: Int32Array, offset: number): number {
    const mask = this.#table.length - 1
    let slot = hash(source, offset, this.#width) & mask
    for (;;) {
      const position = this.#table[slot] ?? 0
      if (position === 0 || this.#holds(position - 1, source, offset)) return slot
      slot = (slot + 1) & mask
    }
  }

  #holds(index: number, source: Int32Array, offset: number): boolean {
    const start = index * this.#width
    for (let i = 0; i < this.#width; i++)
      if (this.#tuples[start + i] !== source[offset + i]) return false
    return true
  }

  #grow(): boolean {
    const capacity = Math.max(CAPACITY_FIRST, this.#table.length)
    const bytes = 4 * (capacity * this.#width + capacity * 2)
    if (!this.#budget.tryReserve(bytes)) return false
    const before = this.#tuples
    this.#budget.release(this.#bytes)
    this.#bytes = bytes
    this.#tuples = new Int32Array(capacity * this.#width)
    this.#tuples.set(before)
    this.#table = new Int32Array(capacity * 2)
    for (let index = 0; index < this.#size; index++)
      this.#table[this.#slotOf(this.#tuples, index * this.#width)] = index + 1
    return true
  }
}

/** FNV-1a over whole numbers, with a final mix: neighbouring tuples must not fall side by side. */
function hash(source: Int32Array, offset: number, width: number): number {
  let h = 0x811c9dc5
  for (let i = 0; i < width; i++) h = Math.imul(h ^ (source[offset + i] ?? 0), 0x01000193)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return (h ^ (h >>> 13)) >>> 0
}
