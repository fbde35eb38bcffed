/**
 * The quantiles of recent latencies, in constant memory.
 *
 * Intuition: sixteen buckets for each doubling, as on a slide rule, so that the relative error is the
 * same at one millisecond and at one minute. Three slices of ten seconds let the past fade in steps.
 *
 * Invariants:
 *   L1. exact ≤ quantile ≤ exact · 2^(1/16) (4.4 % too long at most), for latencies of 1/16 ms to
 *       131 s. A shorter one reads as 1/16 ms, a longer one as Infinity: no number is made up.
 *   L2. A sample counts for 20 to 30 s, whether others come or not.
 *   L3. Memory is fixed: 3 · 338 counters, 4 KB.
 *
 * Source: the log-linear buckets of HdrHistogram; Finagle's backup requests (3 × 10 s). Rejected: a
 * reservoir, whose tail is the noisiest part; P² and t-digest, which cannot forget by time.
 */
import { SlidingCounts } from './sliding-counts.ts'

const BUCKETS_PER_DOUBLING = 16
/** log2 of the shortest latency that is told apart: 1/16 ms. */
const DOUBLING_MIN = -4
/** log2 of the longest: 131,072 ms, beyond every deadline (60 s). */
const DOUBLING_MAX = 17
/** The bucket of everything longer. */
const OVERFLOW = (DOUBLING_MAX - DOUBLING_MIN) * BUCKETS_PER_DOUBLING

/** The column that counts them all. */
const SAMPLES = OVERFLOW + 1

/** One latency and when it was seen. */
export interface LatencySample {
  readonly tookMs: number
  readonly nowMs: number
}

/** The latencies of the last 20 to 30 s, to be asked for quantiles. */
export class RecentLatency {
  readonly #counts = new SlidingCounts({ slices: 3, sliceMs: 10_000, columns: SAMPLES + 1 })

  /** Counts one latency. */
  record({ tookMs, nowMs }: LatencySample): void {
    const counts = this.#counts.at(nowMs)
    counts.add(bucketOf(tookMs))
    counts.add(SAMPLES)
  }

  /** How many latencies are counted now. */
  samples(nowMs: number): number {
    return this.#counts.at(nowMs).total(SAMPLES)
  }

  /** The latency that `share` (0 to 1) of the samples did not exceed; `undefined` without samples. */
  quantile({
    share,
    nowMs,
  }: {
    readonly share: number
    readonly nowMs: number
  }): number | undefined {
    const samples = this.samples(nowMs)
    if (samples === 0) return undefined
    const wanted = Math.max(1, Math.ceil(share * samples))
    let seen = 0
    for (let bucket = 0; bucket < OVERFLOW; bucket += 1) {
      seen += this.#counts.total(bucket)
      if (seen >= wanted) return upperEdgeMs(bucket)
    }
    return Number.POSITIVE_INFINITY
  }
}

function bucketOf(tookMs: number): number {
  const bucket = Math.floor((Math.log2(tookMs) - DOUBLING_MIN) * BUCKETS_PER_DOUBLING)
  return Math.max(0, Math.min(OVERFLOW, bucket))
}

function upperEdgeMs(bucket: number): number {
  return 2 ** (DOUBLING_MIN + (bucket + 1) / BUCKETS_PER_DOUBLING)
}
