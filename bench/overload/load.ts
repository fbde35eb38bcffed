/**
 * The numbers of the overload bench, and its open loop.
 *
 * Open, because users do not wait for each other: who comes, comes, whether the last one was answered or
 * not. A closed loop would slow down with the service and hide the collapse.
 */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'

/** The service: so many at once, each for so long. */
export const AT_ONCE = 2
export const WORK_MS = 10
export const CAPACITY = (AT_ONCE * 1_000) / WORK_MS

/** Later than this an answer is worth nothing. */
export const DEADLINE_MS = 200

/** A queue that has not found its length yet is not counted. */
const SETTLE_MS = 700
const COUNTED_MS = 1_500

/** What came of one load. */
export interface Offered {
  /** Answers in time, each second. */
  readonly goodput: number
  readonly arrivals: number
}

/** Offers `rate` calls a second at random moments, and counts those that are answered in time. */
export async function offer(rate: number, call: () => Promise<unknown>): Promise<Offered> {
  const startedMs = performance.now()
  const endMs = startedMs + SETTLE_MS + COUNTED_MS
  let dueMs = startedMs
  let arrivals = 0
  let good = 0
  const arrive = async (atMs: number): Promise<void> => {
    arrivals += 1
    const isGood = await isInTime(atMs, call)
    if (isGood && atMs - startedMs >= SETTLE_MS) good += 1
  }
  while (performance.now() < endMs) {
    for (; dueMs <= performance.now(); dueMs -= (Math.log(1 - Math.random()) * 1_000) / rate)
      void arrive(dueMs)
    // oxlint-disable-next-line no-await-in-loop -- time passes here.
    await (dueMs - performance.now() > 2 ? pause(1) : turn())
  }
  await pause(2 * DEADLINE_MS)
  return { goodput: (good * 1_000) / COUNTED_MS, arrivals }
}

async function isInTime(atMs: number, call: () => Promise<unknown>): Promise<boolean> {
  try {
    await call()
    return performance.now() - atMs <= DEADLINE_MS
  } catch {
    // A failure is not an answer; what is counted are answers.
    return false
  }
}
