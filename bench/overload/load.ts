/**
 * The numbers of the overload bench, and its open loop.
 *
 * Open, because users do not wait for each other: who comes, comes, whether the last one was answered or
 * not. A closed loop would slow down with the service and hide the collapse.
 */
import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'

/**
 * What the service can do, in calls each second: two or eight at once wait for a database; one at once
 * computes, and nobody else is served meanwhile.
 */
export const CAPACITIES = [200, 800, 100] as const

/** How long the service works for one call. */
export const WORK_MS = 10

/** How many calls a service of this capacity works for at once. */
export function atOnceOf(capacity: number): number {
  return (capacity * WORK_MS) / 1_000
}

/** True if the work of a service of this capacity is the processor's own. */
export function computes(capacity: number): boolean {
  return atOnceOf(capacity) === 1
}

/** The work of a service that computes. */
export function compute(): void {
  const endMs = performance.now() + WORK_MS
  while (performance.now() < endMs);
}

/** What so many places do now, each second, if nothing keeps them from working. */
export async function possible(capacity: number, forMs: number): Promise<number> {
  const endMs = performance.now() + forMs
  let done = 0
  const place = async (): Promise<void> => {
    while (performance.now() < endMs) {
      // oxlint-disable-next-line no-await-in-loop -- one place works for one call at a time.
      if (computes(capacity)) await turn(compute())
      // oxlint-disable-next-line no-await-in-loop -- as above.
      else await pause(WORK_MS)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: atOnceOf(capacity) }, place))
  return (done * 1_000) / forMs
}

/** Later than this an answer is worth nothing. */
export const DEADLINE_MS = 200

/** What is counted of a load. */
export interface Window {
  /** A queue that has not found its length yet is not counted. */
  readonly settleMs: number
  readonly countedMs: number
}

/** What came of one load. */
export interface Offered {
  /** Answers in time, each second. */
  readonly goodput: number
  /** Of the calls that were counted, how many were answered in time: 0 to 1. */
  readonly share: number
  readonly arrivals: number
  /** By how much the generator was late at worst, in ms: one that is itself overloaded proves nothing. */
  readonly lagMs: number
}

/** Offers `rate` calls a second at random moments, and counts those that are answered in time. */
export async function offer(
  rate: number,
  { settleMs, countedMs }: Window,
  call: () => Promise<unknown>,
): Promise<Offered> {
  const startedMs = performance.now()
  const endMs = startedMs + settleMs + countedMs
  let dueMs = startedMs
  const count = { arrivals: 0, counted: 0, good: 0 }
  let lagMs = 0
  const arrive = async (atMs: number): Promise<void> => {
    const isCounted = atMs - startedMs >= settleMs
    count.arrivals += 1
    if (isCounted) count.counted += 1
    const isGood = await isInTime(atMs, call)
    if (isGood && isCounted) count.good += 1
  }
  while (performance.now() < endMs) {
    lagMs = Math.max(lagMs, performance.now() - dueMs)
    for (; dueMs <= performance.now(); dueMs -= (Math.log(1 - Math.random()) * 1_000) / rate)
      void arrive(dueMs)
    // oxlint-disable-next-line no-await-in-loop -- time passes here.
    await (dueMs - performance.now() > 2 ? pause(1) : turn())
  }
  await pause(2 * DEADLINE_MS)
  const { arrivals, counted, good } = count
  return { goodput: (good * 1_000) / countedMs, share: good / counted, arrivals, lagMs }
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
