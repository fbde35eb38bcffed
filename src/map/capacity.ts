/**
 * Capacity by Little's law: what is in the air is how much arrives times how long it stays.
 *
 * Source: Little, "A proof for the queuing formula L = λW" (1961). It holds for any distribution, as
 * long as what comes in also goes out.
 */

/** The calls in the air at once, if `ratePerSecond` begin and each takes `holdMs`. */
export function inFlight({
  ratePerSecond,
  holdMs,
}: {
  readonly ratePerSecond: number
  readonly holdMs: number
}): number {
  return (ratePerSecond * holdMs) / 1_000
}

/**
 * How many times the worst load of retries fits into a capacity. At 1 and more, retries alone cannot
 * keep the callee down after the cause is gone; below 1 it needs a budget or must shed.
 */
export function stabilityMargin({
  capacityPerSecond,
  worstPerSecond,
}: {
  readonly capacityPerSecond: number
  readonly worstPerSecond: number
}): number {
  return capacityPerSecond / worstPerSecond
}
