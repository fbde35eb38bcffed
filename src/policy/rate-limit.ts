/**
 * A rate limit for each key: so many at once, so many per second, no more in any window.
 *
 * Intuition: each key has a moment at which its bucket will be full again. A request that is accepted
 * moves this moment one interval away; a request that would move it further away than the burst allows
 * is refused and moves nothing. One number for each key, and no timer.
 *
 * Invariants:
 *   R1. In every window of w ms and for each key: accepted ≤ burst + w · rate.
 *   R2. What was refused costs nothing; after `retryAfterMs` the same request is accepted.
 *   R3. `remaining` requests at this very moment are accepted, and the next is not.
 *   R4. At most `keysMax` keys are remembered; to make room, the one that asked longest ago is
 *       forgotten, which gives it a fresh burst.
 *   R5. A clock that goes back gives nothing away.
 *
 * Source: the generic cell rate algorithm, ITU-T I.371; draft-ietf-httpapi-ratelimit-headers for the
 * numbers. Rejected: fixed windows, which let twice the quota through at the boundary (199 of 100 in
 * 63 ms); a queue for who is over the limit, which hides the limit and costs memory.
 */
import { assert } from '#errors'

/** How often a key may ask. */
export interface RateLimitOptions {
  /** Requests in a second, in the long run. */
  readonly perSecond: number
  /** Requests at one moment. */
  readonly burst: number
  /** Keys remembered. @defaultValue 10_000 */
  readonly keysMax?: number
}

/** The answer, with the numbers of the `RateLimit` and `Retry-After` headers in ms. */
export type RateLimitDecision =
  | { readonly isAllowed: true; readonly remaining: number; readonly resetMs: number }
  | {
      readonly isAllowed: false
      readonly remaining: 0
      /** Until the bucket is full again. */
      readonly resetMs: number
      /** Until one request would be accepted. */
      readonly retryAfterMs: number
    }

/** Sums of intervals such as 1000 / 3 ms miss each other by rounding; no bound is moved by this much. */
const ROUNDING_MS = 1e-6

/**
 * The limit of one operation.
 *
 * @example
 * const limit = new RateLimit({ perSecond: 50, burst: 100 })
 * const { isAllowed } = limit.take('tenant-7', clock.monotonicMs())
 */
export class RateLimit {
  readonly #intervalMs: number
  readonly #burst: number
  readonly #keysMax: number
  /** When the bucket of each key is full again; who asked last stands last. */
  readonly #fullAtMs = new Map<string, number>()

  constructor({ perSecond, burst, keysMax = 10_000 }: RateLimitOptions) {
    assert(perSecond > 0 && burst >= 1 && keysMax >= 1, 'a rate limit lets something through')
    this.#intervalMs = 1_000 / perSecond
    this.#burst = burst
    this.#keysMax = keysMax
  }

  /** Asks for one request. */
  take(key: string, nowMs: number): RateLimitDecision {
    const fullAtMs = Math.max(nowMs, this.#fullAtMs.get(key) ?? nowMs)
    const overMs = fullAtMs - nowMs - (this.#burst - 1) * this.#intervalMs
    this.#remember(key, overMs > ROUNDING_MS ? fullAtMs : fullAtMs + this.#intervalMs, nowMs)
    if (overMs > ROUNDING_MS)
      return { isAllowed: false, remaining: 0, resetMs: fullAtMs - nowMs, retryAfterMs: overMs }
    const remaining = Math.floor((-overMs + ROUNDING_MS) / this.#intervalMs)
    return { isAllowed: true, remaining, resetMs: fullAtMs + this.#intervalMs - nowMs }
  }

  /** Keys remembered now. */
  keys(): number {
    return this.#fullAtMs.size
  }

  #remember(key: string, fullAtMs: number, nowMs: number): void {
    this.#fullAtMs.delete(key)
    this.#fullAtMs.set(key, fullAtMs)
    this.#forgetFull(nowMs)
    if (this.#fullAtMs.size > this.#keysMax) this.#forgetOldest()
  }

  /** A full bucket is like none at all. Two a request are enough to keep up with one new key. */
  #forgetFull(nowMs: number): void {
    let looked = 0
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > nowMs || looked === 2) return
      this.#fullAtMs.delete(key)
      looked += 1
    }
  }

  #forgetOldest(): void {
    const [oldest] = this.#fullAtMs.keys()
    if (oldest !== undefined) this.#fullAtMs.delete(oldest)
  }
}
