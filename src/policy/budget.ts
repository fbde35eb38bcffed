/**
 * A retry budget: retries and hedges may add at most a fixed share to the load an edge already carries.
 *
 * Intuition: every call that succeeds at once drops one coin in a jar, and a retry costs
 * `callsPerRetry` coins. When the callee is down nothing succeeds, the jar empties, and the edge stops
 * multiplying the load that keeps the callee down.
 *
 * Invariants:
 *   B1. 0 ≤ balance ≤ balanceMax, where balanceMax = retriesMax · callsPerRetry.
 *   B2. In every interval: retries ≤ retriesMax + successes / callsPerRetry + interval / trickleMs.
 *   B3. A refused withdrawal costs nothing, and nothing but a success and time fills the jar.
 *
 * Two sources disagree about time. "Time must not refill" fears Finagle's reserve of ten retries per
 * second, which a hundred clients turn into a thousand. Without any refill, though, an empty jar can
 * be a state without a way out: an edge of little traffic whose first attempt always meets a
 * connection that died while idle succeeds only by retrying, earns nothing, and fails for ever. The
 * trickle of one retry in ten seconds opens that door. It is an absolute rate: as a share of load it
 * is largest where load is least, and the map adds it as `instances / trickleMs`. `trickleMs:
 * Infinity` takes it away.
 *
 * Source: Finagle's RetryBudget; its deposit on success only (a deposit on each request lets a total
 * outage be multiplied by 1.1 at every hop, this one by 1.0); Brooker, "Fixing retries with token
 * buckets and circuit breakers" (2022). Rejected: a share of the calls in flight (Envoy), because that
 * base shrinks while calls fail; a refund when a retry succeeds (AWS), because it rewards retrying.
 */
import { assert } from '#errors'

/** How many retries an edge can afford. */
export interface RetryBudgetOptions {
  /** Retries that a full jar pays for; the jar is born full. @defaultValue 10 */
  readonly retriesMax?: number
  /** Successes that pay for one retry: 10 is a share of 10 %. @defaultValue 10 */
  readonly callsPerRetry?: number
  /** Time that pays for one retry, in ms; Infinity for none. @defaultValue 10_000 */
  readonly trickleMs?: number
}

/**
 * The jar of one edge in one process, shared by all its operations.
 *
 * @example
 * const budget = new RetryBudget({}, clock.monotonicMs())
 * if (succeededAtOnce) budget.deposit()
 * else if (budget.tryWithdraw(clock.monotonicMs())) retry()
 */
export class RetryBudget {
  readonly #callsPerRetry: number
  readonly #balanceMax: number
  readonly #msPerCoin: number
  #balance: number
  #trickledAtMs: number

  constructor(
    { retriesMax = 10, callsPerRetry = 10, trickleMs = 10_000 }: RetryBudgetOptions,
    nowMs: number,
  ) {
    assert(retriesMax >= 0 && callsPerRetry > 0 && trickleMs > 0, 'a budget has positive bounds')
    this.#callsPerRetry = callsPerRetry
    this.#balanceMax = retriesMax * callsPerRetry
    this.#msPerCoin = trickleMs / callsPerRetry
    this.#balance = this.#balanceMax
    this.#trickledAtMs = nowMs
  }

  /** A call succeeded at its first attempt. A success of a retry or of a hedge earns nothing. */
  deposit(): void {
    this.#balance = Math.min(this.#balanceMax, this.#balance + 1)
  }

  /** Pays for one retry or hedge. On `false` nothing was taken and the caller must give up. */
  tryWithdraw(nowMs: number): boolean {
    this.#trickle(nowMs)
    if (this.#balance < this.#callsPerRetry) return false
    this.#balance -= this.#callsPerRetry
    return true
  }

  /** Retries that could be paid for now, with their fraction; for the console. */
  retriesLeft(nowMs: number): number {
    this.#trickle(nowMs)
    return this.#balance / this.#callsPerRetry
  }

  #trickle(nowMs: number): void {
    if (nowMs <= this.#trickledAtMs) return
    const coins = (nowMs - this.#trickledAtMs) / this.#msPerCoin
    this.#balance = Math.min(this.#balanceMax, this.#balance + coins)
    this.#trickledAtMs = nowMs
  }
}
