/**
 * What will happen, ordered by when: a binary heap.
 *
 * Invariants:
 *   Q1. `pop` gives the earliest entry; among entries of one instant the lower tie-break; among equal
 *       ones the one that was pushed first. The order is total, so a seed decides it.
 */

/** An entry's place in the order. */
export interface Ordered {
  readonly atUs: number
  readonly tie: number
  readonly sequence: number
}

/** A priority queue of ordered entries. */
export class Queue<Entry extends Ordered> {
  readonly #heap: Entry[] = []

  get size(): number {
    return this.#heap.length
  }

  /** The next entry, left where it is. */
  peek(): Entry | undefined {
    return this.#heap[0]
  }

  push(entry: Entry): void {
    const heap = this.#heap
    let index = heap.push(entry) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(entry, above)) break
      heap[index] = above
      index = parent
    }
    heap[index] = entry
  }

  pop(): Entry | undefined {
    const first = this.#heap[0]
    const last = this.#heap.pop()
    if (last !== undefined && this.#heap.length > 0) this.#sink(last)
    return first
  }

  #sink(entry: Entry): void {
    const heap = this.#heap
    let index = 0
    for (;;) {
      const left = 2 * index + 1
      const child = earlierOf(heap, left, left + 1)
      const below = heap[child]
      if (below === undefined || !isBefore(below, entry)) break
      heap[index] = below
      index = child
    }
    heap[index] = entry
  }
}

function earlierOf(heap: readonly Ordered[], left: number, right: number): number {
  const one = heap[left]
  const other = heap[right]
  return one !== undefined && other !== undefined && isBefore(other, one) ? right : left
}

function isBefore(one: Ordered, other: Ordered): boolean {
  if (one.atUs !== other.atUs) return one.atUs < other.atUs
  return one.tie === other.tie ? one.sequence < other.sequence : one.tie < other.tie
}
