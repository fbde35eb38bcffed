/**
 * The real world's clock, timers and randomness: Node's own, taken at the time of the call.
 *
 * The functions look the globals up late, so that a user's test that replaces them is respected.
 */
import { getRandomValues } from 'node:crypto'
import type { Clock, Random, Timers } from './world.ts'

/** The longest delay that a Node timer can hold, in ms; longer ones would fire at once. */
const DELAY_MS_MAX = 2_147_483_647

/** Node's clocks. */
export const nodeClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
}

/** Node's timers. They keep the process alive until they ran or were cancelled. */
export const nodeTimers: Timers = {
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), DELAY_MS_MAX))
    return () => clearTimeout(timer)
  },
}

/** Randomness from the operating system. */
export const nodeRandom: Random = {
  float: () => (getRandomValues(new Uint32Array(1))[0] ?? 0) / 2 ** 32,
  bytes: (length) => getRandomValues(new Uint8Array(length)),
}
