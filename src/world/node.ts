/**
 * The real world's clock, timers and randomness: Node's own, taken at the time of the call.
 *
 * The functions look the globals up late, so that a user's test that replaces them is respected.
 */
import { getRandomValues } from 'node:crypto'
import { TimerWheel } from './timer-wheel.ts'
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

/** As `nodeTimers.after`, but the process does not stay alive for it. */
export function afterIfAlive(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs).unref()
  return () => clearTimeout(timer)
}

/** Runs something once this turn of the event loop has done its I/O: what was asked meanwhile goes together. */
export function endOfTurn(run: () => void): void {
  setImmediate(run)
}

/** Timers that share one of Node's: for the deadlines of calls, of which nearly all are cancelled. */
export function nodeWheel(): Timers {
  let timer: NodeJS.Timeout | undefined
  const wheel = new TimerWheel(nodeClock, {
    set(delayMs, ring) {
      clearTimeout(timer)
      timer = setTimeout(ring, Math.min(delayMs, DELAY_MS_MAX))
    },
    keepAlive(isNeeded) {
      if (isNeeded) timer?.ref()
      else timer?.unref()
    },
  })
  return { after: (delayMs, run) => wheel.after(delayMs, run), nextTurn: endOfTurn }
}

/** Bytes that are fetched at once: asking the operating system costs more than 256 of them. */
const POOL_BYTES = 4_096

const pool = new Uint8Array(POOL_BYTES)
const view = new DataView(pool.buffer)
let poolHex = ''
let poolUsed = POOL_BYTES

/** Randomness from the operating system. No byte of the pool is given out twice. */
export const nodeRandom: Required<Random> = {
  float: () => view.getUint32(take(4)) / 2 ** 32,
  bytes: (length) => {
    if (length > POOL_BYTES) return getRandomValues(new Uint8Array(length))
    const from = take(length)
    return pool.slice(from, from + length)
  },
  hex: (length) => {
    if (length > POOL_BYTES) return Buffer.from(nodeRandom.bytes(length)).toString('hex')
    const from = take(length)
    return poolHex.slice(2 * from, 2 * (from + length))
  },
}

/** Where the next `length` unused bytes of the pool begin. */
function take(length: number): number {
  if (poolUsed + length > POOL_BYTES) {
    getRandomValues(pool)
    // Written once for all who want digits: a part of a string costs nothing, hexadecimal does.
    poolHex = Buffer.from(pool.buffer).toString('hex')
    poolUsed = 0
  }
  poolUsed += length
  return poolUsed - length
}
