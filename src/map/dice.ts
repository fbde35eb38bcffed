/**
 * Dice that a seed decides: the same map on every machine, whenever it is drawn.
 *
 * Source: Ettinger, Mulberry32; 32 bits of state are enough for 10⁶ throws
 * whose result is printed with its interval, and for nothing else.
 */

/** Numbers in [0, 1). */
export function diceFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
