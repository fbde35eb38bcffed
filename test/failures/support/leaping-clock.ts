/**
 * A wall clock that leaps: an operator sets it, a virtual machine is moved, a time server errs.
 */
import type { Clock } from '#world'

const DAY_MS = 86_400_000

/** A clock whose wall time leaps by up to a day, forward or back, at every reading. */
export function leaping(seed: number, steady: Clock): Clock {
  let state = seed
  const roll = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
  return {
    monotonicMs: () => steady.monotonicMs(),
    wallMs: () => steady.wallMs() + (2 * roll() - 1) * DAY_MS,
  }
}

/** A clock that goes on by ten milliseconds at every reading of its wall time, and leaps once. */
export function leapingOnce(byMs: number): Clock {
  let nowMs = 0
  return {
    monotonicMs: () => nowMs,
    wallMs: () => (nowMs += 10) + (nowMs > 500 ? byMs : 0),
  }
}

/** Readings after which a wait is called endless. */
const READINGS_MAX = 1_000

/** Waits as one does with `Date.now()`, and says for how long it took, in true ms. */
export function untilByWallClock(clock: Clock, { waitMs }: { readonly waitMs: number }): number {
  const untilMs = clock.wallMs() + waitMs
  const beganMs = clock.monotonicMs()
  for (let readings = 0; readings < READINGS_MAX; readings += 1) {
    if (clock.wallMs() >= untilMs) return clock.monotonicMs() - beganMs
  }
  return Number.POSITIVE_INFINITY
}
