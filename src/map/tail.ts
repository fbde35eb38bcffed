/**
 * The tail of a fan-out: how many requests meet at least one slow answer.
 *
 * Intuition: one call in a hundred is slow. A request that makes one call meets it in 1 % of cases; a
 * request that makes a hundred, in 63 %. The tail of the part becomes the middle of the whole.
 *
 * Source: Dean and Barroso, "The Tail at Scale" (2013).
 */

/** The share of requests with a slow call, if each of `calls` is slow with probability `slowShare`. */
export function tailShare(calls: number, slowShare = 0.01): number {
  return 1 - (1 - slowShare) ** calls
}
