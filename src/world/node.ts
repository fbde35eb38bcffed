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

/** Bytes that are fetched at once: asking the operating system costs more than 256 of them. */
const POOL_BYTES = 4_096

const pool = new Uint8Array(POOL_BYTES)
const view = new DataView(pool.buffer)
let poolUsed = POOL_BYTES

/** Randomness from the operating system. No byte of the pool is given out twice. */
export const nodeRandom: Random = {
  float: () => view.getUint32(take(4)) / 2 ** 32,
  bytes: (length) => {
    if (length > POOL_BYTES) return getRandomValues(new Uint8Array(length))
    const from = take(length)
    return pool.slice(from, from + length)
  },
}

/** Where the next `length` unused bytes of the pool begin. */
function take(length: number): number {
  if (poolUsed + length > POOL_BYTES) {
    getRandomValues(pool)
    poolUsed = 0
  }
  poolUsed += length
  return poolUsed - length
}
