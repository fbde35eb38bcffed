/**
 * Admission: under overload, take in the share of requests that can be served, the important first.
 *
 * Intuition: the only sign of overload that does not lie is how long work waits before it is begun.
 * Ten times a second the admission compares that delay with its target. What was finished, divided by
 * what arrived, is the share that fits; a little less is taken while the delay is too long, a little
 * more while it is short. Which requests belong to the share is decided by a threshold over their
 * levels: the classes of criticality, and within one class the users, so that one user's calls live
 * or die together instead of every task losing one call of its four.
 *
 * Invariants:
 *   M1. 0.01 ≤ share ≤ 1, and the share is 1 until the delay exceeds the target.
 *   M2. At one moment, a level is admitted whole only if every level above it is.
 *   M3. Of the arrivals of a window that is like the ones before it, about `share` is admitted.
 *   M4. The target learns from service times only while nothing is shed, so that overload, which
 *       makes service slow too, cannot raise it: no drift.
 *   M5. What the most impatient caller of the last window hardly notices (a tenth of what it waits) is
 *       no overload. Overload leaves callers less time and not more, so this cannot raise the target.
 *   M6. Memory is fixed: 512 levels, 64 delays for each source, one latency histogram.
 *
 * A rejection is a promise that nothing was executed; it costs little, but not nothing. The door stands
 * beside the deadline and does not replace it: what was let in before the door knew must be refused
 * when its turn comes too late, or a jump to ten times the load takes long to digest. Windows with
 * fewer than 20 arrivals say too little: such services rely on deadlines and the limit in flight.
 *
 * Source: feed-forward control on absolute delay; levels and user hashing from DAGOR (Zhou et al.,
 * SoCC 2018); the delay as signal from Breakwater (OSDI 2020). Rejected: gradients on the round-trip
 * time (in 20 minutes of double load Gradient2's limit drifts from 46 to 200, and it sheds 47 % when a
 * dependency merely becomes slower); AIMD on the share (a third of the goodput lost, 10 s to recover);
 * a limit in flight alone, which in Node counts what has left the event loop's queue already.
 */
import type { Draw } from './draw.ts'
import { RecentLatency } from './latency.ts'
import { RecentDelays, type DelaySource } from './recent-delays.ts'

/** The classes, least important first. */
export const criticalities = ['sheddable', 'sheddable-plus', 'critical', 'critical-plus'] as const

/** How much it matters that a request is served. */
export type Criticality = (typeof criticalities)[number]

/** How long work may wait. */
export interface AdmissionOptions {
  /** Smallest target of the delay, in ms; it is more for long services and patient callers. */
  readonly targetMsMin?: number
}

/** One request at the door. */
export interface Arrival {
  /** From `levelOf`. */
  readonly level: number
  readonly nowMs: number
  /** How long the oldest work has waited that is not begun yet: sees a stall that ends no wait. */
  readonly oldestWaitMs: number
  /** How long its caller waits for the answer, in ms. @defaultValue nobody said */
  readonly leftMs?: number
}

const USERS = 128
const LEVELS = criticalities.length * USERS
const WINDOW_MS = 100
/** A window without enough arrivals is closed by time, so that a small load finds the door open. */
const WINDOW_MS_MAX = 1_000
const ARRIVALS_MIN = 20
const TARGET_MS_MIN = 20
/** Of what its caller waits, so much may pass in a queue. */
const PATIENCE_SHARE = 0.1
/** More delay than this no caller with a usual deadline survives. */
const TARGET_MS_MAX = 1_000
const GAIN = 0.3
const SMOOTHING = 0.5
const SHARE_MIN = 0.01
/** The share nears 1 by halves; from here it is 1. */
const SHARE_WHOLE = 0.99
/** Below this share one step of doubling is still a small one, in capacity. */
const SHARE_SMALL = 0.2
const HISTORY_KEPT = 0.9

/** The level of a request: its class, then its user (0 to 127, a hash of user and hour). */
export function levelOf(criticality: Criticality, user: number): number {
  return criticalities.indexOf(criticality) * USERS + (Math.floor(user) % USERS)
}

/** The door of one service instance. */
export class Admission {
  readonly #targetMsMin: number
  readonly #service = new RecentLatency()
  readonly #delays = new RecentDelays()
  readonly #arrivedByLevel = new Float64Array(LEVELS)
  #arrivedInAll = 0
  #targetMs: number
  /** The median of service, as it was known last; 0 before any. */
  #serviceMs = 0
  #share = 1
  /** Levels above are admitted, levels below are not, and of this one `#shareAtThreshold`. */
  #threshold = 0
  #shareAtThreshold = 1
  #openedAtMs: number
  #arrivals = 0
  /** What the most impatient caller of this window waits, in ms; 0 if one did not say. */
  #leastLeftMs = Number.POSITIVE_INFINITY
  #finished = 0
  #isCalm = true

  constructor({ targetMsMin = TARGET_MS_MIN }: AdmissionOptions, nowMs: number) {
    this.#targetMsMin = targetMsMin
    this.#targetMs = targetMsMin
    this.#openedAtMs = nowMs
  }

  /** Whether the request is let in. */
  arrive({ level, nowMs, oldestWaitMs, leftMs = 0 }: Arrival, draw: Draw): boolean {
    if (this.#isWindowOver(nowMs)) this.#turn(nowMs, oldestWaitMs)
    this.#arrivals += 1
    this.#leastLeftMs = Math.min(this.#leastLeftMs, leftMs)
    this.#arrivedInAll += 1
    this.#arrivedByLevel[level] = (this.#arrivedByLevel[level] ?? 0) + 1
    if (level !== this.#threshold) return level > this.#threshold
    return this.#shareAtThreshold >= 1 || draw() < this.#shareAtThreshold
  }

  /** Work of this source waited so long before it was begun. */
  waited(source: DelaySource, waitMs: number): void {
    this.#delays.record(source, waitMs)
  }

  /** An admitted request was finished, in `tookMs` without its wait; `undefined` if that is not known. */
  finish({ tookMs, nowMs }: { readonly tookMs: number | undefined; readonly nowMs: number }): void {
    this.#finished += 1
    if (this.#isCalm && tookMs !== undefined) this.#service.record({ tookMs, nowMs })
  }

  /** The share of arrivals that is let in. 1 less this is the pressure that callers may be told. */
  share(): number {
    return this.#share
  }

  /** The delay that is aimed at, in ms. */
  targetMs(): number {
    return this.#targetMs
  }

  #isWindowOver(nowMs: number): boolean {
    const openMs = nowMs - this.#openedAtMs
    return openMs >= WINDOW_MS_MAX || (openMs >= WINDOW_MS && this.#arrivals >= ARRIVALS_MIN)
  }

  #turn(nowMs: number, oldestWaitMs: number): void {
    const delayMs = Math.max(oldestWaitMs, this.#delays.medianMs())
    this.#aim(nowMs)
    this.#share = this.#nextShare(delayMs)
    this.#isCalm = this.#share === 1 && delayMs <= this.#targetMs
    this.#drawLine()
    this.#forget(nowMs)
  }

  #nextShare(delayMs: number): number {
    const isLate = delayMs > this.#targetMs
    if (!isLate && this.#share === 1) return 1
    if (this.#arrivals < ARRIVALS_MIN) return isLate ? this.#share : 1
    const gain = Math.max(-GAIN, Math.min(GAIN, GAIN * (1 - delayMs / this.#targetMs)))
    // Of a nearly shut door's few admissions none may finish in a window: that alone is no overload.
    const finished = this.#finished / this.#arrivals
    const fits = Math.min(1, (isLate ? finished : Math.max(finished, this.#share)) * (1 + gain))
    // After a stall the door is nearly shut and nothing waits: by small steps it would stay shut for
    // four seconds.
    const isIdle = delayMs < this.#targetMs / 4 && this.#share < SHARE_SMALL
    if (isIdle) return Math.max(fits, 2 * this.#share)
    const share = (1 - SMOOTHING) * this.#share + SMOOTHING * fits
    return share > SHARE_WHOLE && !isLate ? 1 : Math.max(SHARE_MIN, share)
  }

  #aim(nowMs: number): void {
    const median = this.#service.quantile({ share: 0.5, nowMs })
    if (median !== undefined) this.#serviceMs = median
    const patienceMs = this.#arrivals === 0 ? 0 : PATIENCE_SHARE * this.#leastLeftMs
    const bearableMs = Math.min(TARGET_MS_MAX, Math.max(2 * this.#serviceMs, patienceMs))
    this.#targetMs = Math.max(this.#targetMsMin, bearableMs)
  }

  /** Finds the level down to which the recent arrivals make up the share. */
  #drawLine(): void {
    const wanted = this.#share * this.#arrivedInAll
    let level = LEVELS - 1
    let above = 0
    while (level > 0 && above + (this.#arrivedByLevel[level] ?? 0) < wanted) {
      above += this.#arrivedByLevel[level] ?? 0
      level -= 1
    }
    const here = this.#arrivedByLevel[level] ?? 0
    this.#threshold = this.#share === 1 ? 0 : level
    this.#shareAtThreshold = this.#share === 1 || here === 0 ? 1 : (wanted - above) / here
  }

  #forget(nowMs: number): void {
    for (let level = 0; level < LEVELS; level += 1)
      this.#arrivedByLevel[level] = (this.#arrivedByLevel[level] ?? 0) * HISTORY_KEPT
    this.#arrivedInAll *= HISTORY_KEPT
    this.#delays.clear()
    this.#arrivals = 0
    this.#leastLeftMs = Number.POSITIVE_INFINITY
    this.#finished = 0
    this.#openedAtMs = nowMs
  }
}
