/**
 * The smallest simulator in which a policy can be measured: events in order of time, seeded chance.
 *
 * Time is a number, so an hour costs what its events cost.
 */

interface Event {
  readonly atMs: number
  readonly number: number
  readonly run: () => void
}

/** Runs events in order of time; those of one moment in the order in which they were planned. */
export class Queueing {
  nowMs = 0
  readonly draw: () => number
  readonly #heap: Event[] = []
  #planned = 0

  constructor(seed: number) {
    this.draw = seeded(seed)
  }

  after(delayMs: number, run: () => void): void {
    this.#planned += 1
    this.#heap.push({ atMs: this.nowMs + delayMs, number: this.#planned, run })
    let child = this.#heap.length - 1
    while (child > 0 && this.#swap(child, (child - 1) >> 1)) child = (child - 1) >> 1
  }

  /** A delay whose mean is `meanMs`, as between independent arrivals. */
  exponentialMs(meanMs: number): number {
    return -meanMs * Math.log(1 - this.draw())
  }

  /** Calls `arrive` at independent moments, `perMs()` of them in a millisecond. */
  arrivals(perMs: () => number, arrive: () => void): void {
    this.after(this.exponentialMs(1 / perMs()), () => {
      arrive()
      this.arrivals(perMs, arrive)
    })
  }

  runUntil(untilMs: number): void {
    for (
      let next = this.#heap[0];
      next !== undefined && next.atMs <= untilMs;
      next = this.#heap[0]
    ) {
      this.#pop()
      this.nowMs = next.atMs
      next.run()
    }
    this.nowMs = untilMs
  }

  #pop(): void {
    const last = this.#heap.pop()
    if (last === undefined || this.#heap.length === 0) return
    this.#heap[0] = last
    let parent = 0
    for (;;) {
      const left = 2 * parent + 1
      const least = this.#isBefore(left + 1, left) ? left + 1 : left
      if (!this.#swap(least, parent)) return
      parent = least
    }
  }

  #swap(child: number, parent: number): boolean {
    if (!this.#isBefore(child, parent)) return false
    const [lower, upper] = [this.#heap[child], this.#heap[parent]]
    if (lower === undefined || upper === undefined) return false
    this.#heap[child] = upper
    this.#heap[parent] = lower
    return true
  }

  #isBefore(left: number, right: number): boolean {
    const [one, other] = [this.#heap[left], this.#heap[right]]
    if (one === undefined || other === undefined) return false
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number)
  }
}

/** Numbers in [0, 1) that look random and are the same for each seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** The value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
