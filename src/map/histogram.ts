/**
 * Quantiles of durations in bounded space.
 *
 * Intuition: whether a call took 410 or 412 ms does not matter, so durations share a bucket with
 * those that differ by less than 2 %.
 *
 * Invariants:
 *   Q1. A quantile is at most 2 % above the true one, and never below it.
 *   Q2. There are at most 1,745 buckets, from a microsecond to 30 years, whatever is added.
 */
const STEP = Math.log(1.02)
const MS_MIN = 0.001
const MS_MAX = 1e12

/** Counts durations. */
export class Histogram {
  readonly #buckets = new Map<number, number>()
  #count = 0
  #worstMs = 0

  /** Durations counted. */
  get count(): number {
    return this.#count
  }

  /** The longest duration, in ms, as it was; 0 if there is none. */
  get worst(): number {
    return this.#worstMs
  }

  /** Counts a duration, in ms. */
  add(ms: number): void {
    const bucket = Math.ceil(Math.log(Math.min(Math.max(ms, MS_MIN), MS_MAX)) / STEP)
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1)
    this.#count += 1
    this.#worstMs = Math.max(this.#worstMs, ms)
  }

  /** The duration, in ms, below or at which the share of all lies; 0 if there is none. */
  quantile(share: number): number {
    let left = Math.ceil(this.#count * share)
    for (const [bucket, count] of [...this.#buckets].toSorted(([a], [b]) => a - b)) {
      left -= count
      if (left <= 0) return Math.min(Math.exp(bucket * STEP), this.#worstMs)
    }
    return 0
  }
}
