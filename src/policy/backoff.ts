/**
 * How long to wait before the next attempt, so that callers who failed together do not return together.
 *
 * Intuition: full jitter draws anywhere between now and a limit that doubles. With 1,000 callers that
 * failed in one moment, the busiest 10 ms then see 161 of them; with ±20 % around the limit, 259.
 *
 * Invariants:
 *   J1. 0 ≤ delay < min(capMs, baseMs · 2^(retry − 1)).
 *
 * Source: AWS Architecture Blog, "Exponential backoff and jitter" (2015), "full jitter".
 */

/** The base delay, in ms: about one round trip between data centres of a region, with its tail. */
const BASE_MS = 50

/** The longest delay, in ms: past it a caller would rather know. */
const CAP_MS = 1_000

/** The delay in ms before retry number `retry` (1 is the first), for a `roll` in [0, 1). */
export function backoffMs({
  retry,
  roll,
}: {
  readonly retry: number
  readonly roll: number
}): number {
  return roll * Math.min(CAP_MS, BASE_MS * 2 ** (retry - 1))
}

/**
 * The delay in ms for a callee that named its own: never earlier, and spread a little, because many
 * throttled clients would otherwise return at the very moment that it named.
 */
export function pacedMs({
  afterMs,
  roll,
}: {
  readonly afterMs: number
  readonly roll: number
}): number {
  return afterMs + roll * Math.min(1_000, afterMs / 10 + 50)
}
