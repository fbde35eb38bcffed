/**
 * A hedge: when an answer is later than most, ask a second endpoint and take whichever is first.
 *
 * Intuition: one call in a hundred meets a pause of the garbage collector or a full queue, and a page
 * that makes a hundred calls meets one nearly always. A second question after the 95th percentile
 * costs 5 % and cuts that tail off, as long as the slowness is rare. When everything is slow, every
 * call is "later than most", and hedging would double the load; so the share is capped by coins.
 *
 * Invariants:
 *   G1. In every interval: hedges ≤ burst + shareMax · calls. No time refills it.
 *   G2. The delay is a percentile of at least `samplesMin` recent latencies and at least 1 ms, or
 *       there is no hedge; never a latency beyond what the histogram can tell.
 *   G3. A refused hedge costs nothing.
 *
 * Record every attempt, the interrupted loser too (with the time it had taken so far): leaving losers
 * out lowers the percentile, which hedges more, which lowers it again.
 *
 * Source: Dean and Barroso, "The Tail at Scale" (2013); Finagle's backup requests. Rejected: a fixed
 * delay as the only choice, because it is right for one day; a minimum number of hedges per second.
 */
import { assert } from '#errors'
import { type LatencySample, RecentLatency } from './latency.ts'

/** When to ask a second time, and how often at most. */
export interface HedgeOptions {
  /** A fixed delay in ms instead of a percentile. */
  readonly delayMs?: number
  /** The share of answers that a hedge waits for. @defaultValue 0.95 */
  readonly quantile?: number
  /** Hedges as a share of calls. @defaultValue 0.05 */
  readonly shareMax?: number
  /** Hedges beyond the share, saved up in quiet times. @defaultValue 5 */
  readonly burst?: number
  /** Latencies that must be known; 100 leave five beyond the 95th percentile. @defaultValue 100 */
  readonly samplesMin?: number
}

/** A percentile moves slowly; it is computed once in this time. */
const REFRESH_MS = 1_000
const DELAY_MS_MIN = 1

/** The hedging of one operation over one edge. It must be paid by the retry budget as well. */
export class Hedge {
  readonly #options: HedgeOptions & Required<Omit<HedgeOptions, 'delayMs'>>
  readonly #latency = new RecentLatency()
  /** In hedges, not in coins: `balance` 1 pays for one. */
  #balance: number
  #delayMs: number | undefined
  #refreshAtMs = Number.NEGATIVE_INFINITY

  constructor(options: HedgeOptions = {}) {
    this.#options = { quantile: 0.95, shareMax: 0.05, burst: 5, samplesMin: 100, ...options }
    assert(this.#options.burst >= 0 && this.#options.shareMax <= 1, 'hedges are fewer than calls')
    this.#balance = this.#options.burst
  }

  /** A call began; it earns its share of a hedge. Gives how long to wait, `undefined` for never. */
  begin(nowMs: number): number | undefined {
    this.#balance = Math.min(this.#options.burst, this.#balance + this.#options.shareMax)
    if (nowMs >= this.#refreshAtMs) this.#refresh(nowMs)
    return this.#delayMs
  }

  /** An attempt ended, or was interrupted, after this time. */
  record(sample: LatencySample): void {
    this.#latency.record(sample)
  }

  /** True if one hedge could be paid. */
  isAffordable(): boolean {
    // Twenty twentieths are a little less than one, and must be enough.
    return this.#balance >= 1 - 1e-9
  }

  /** Pays for one hedge. */
  tryWithdraw(): boolean {
    if (!this.isAffordable()) return false
    this.#balance = Math.max(0, this.#balance - 1)
    return true
  }

  #refresh(nowMs: number): void {
    this.#refreshAtMs = nowMs + REFRESH_MS
    this.#delayMs = this.#options.delayMs ?? this.#percentile(nowMs)
  }

  #percentile(nowMs: number): number | undefined {
    if (this.#latency.samples(nowMs) < this.#options.samplesMin) return undefined
    const delayMs = this.#latency.quantile({ share: this.#options.quantile, nowMs })
    return delayMs === undefined || !Number.isFinite(delayMs)
      ? undefined
      : Math.max(DELAY_MS_MIN, delayMs)
  }
}
