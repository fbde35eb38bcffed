/**
 * How long a request will wait for its turn, behind all who are inside already.
 *
 * Intuition: the queue at the post office. Who is called now joined it at place twelve and waited for two
 * minutes, so a newcomer at place thirty will wait for five. Nobody has to know how many counters there
 * are or how long a customer takes.
 *
 * Invariants:
 *   Q1. Only requests that queued are samples: what is slow for all at once is no queue. Without a
 *       sample of the last ten seconds the answer is 0.
 *   Q2. The answer grows with the place, and in proportion to it.
 *   Q3. Memory is fixed: three numbers.
 *
 * Source: Little's law; the deviation as in Jacobson, "Congestion avoidance and control" (1988).
 * Rejected: the waits of the past as an estimate of the next (they are as old as the queue is long, so
 * that a jump in the load is refused too late and its end too long).
 */

/** A speed is remembered for so long, in ms: past the pause that follows an overload. */
const FRESH_MS = 10_000

/** Weight of one sample: about the last eight count. */
const WEIGHT = 0.125

/** So many mean deviations above the mean, nine of ten have been called. */
const DEVIATIONS = 1.5

/** One request that waited for its turn. */
export interface Queued {
  /** How many were inside when it came, without itself. */
  readonly ahead: number
  readonly waitedMs: number
  readonly nowMs: number
}

/** The speed at which one service instance works its queue off. */
export class QueueTime {
  /** How long one place takes, and by how much that varies. */
  #msPerPlace = 0
  #deviationMs = 0
  #learntAtMs = Number.NEGATIVE_INFINITY

  /** It is the turn of a request that queued. */
  learn({ ahead, waitedMs, nowMs }: Queued): void {
    const sample = waitedMs / Math.max(1, ahead)
    if (nowMs - this.#learntAtMs > FRESH_MS) {
      this.#msPerPlace = sample
      this.#deviationMs = sample / 4
    }
    const error = sample - this.#msPerPlace
    this.#msPerPlace += WEIGHT * error
    this.#deviationMs += WEIGHT * (Math.abs(error) - this.#deviationMs)
    this.#learntAtMs = nowMs
  }

  /** How long nearly everybody with so many ahead waits at most, in ms; 0 while nobody queued. */
  expectedMs(ahead: number, nowMs: number): number {
    if (nowMs - this.#learntAtMs > FRESH_MS) return 0
    return ahead * (this.#msPerPlace + DEVIATIONS * this.#deviationMs)
  }
}
