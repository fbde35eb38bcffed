/**
 * Outlier ejection: an endpoint that fails while its neighbours work is left out for a while.
 *
 * Intuition: the breaker asks whether the service is ill, the ejection which of its replicas. It may
 * take out at most half of them, because when most of them fail the fault is not theirs; and if so few
 * are left that they would drown, all are used again (panic): some answers are better than none.
 *
 * Invariants:
 *   X1. Counted after the ejection, at most floor(shareMax · endpoints) are out: none of 1, 1 of 2 or
 *       3, 2 of 4 or 5.
 *   X2. Ejected is only who failed `consecutiveMax` times in a row, or succeeded in less than
 *       `successMin` of at least `callsMin` calls of the last ten seconds, or failed at its first
 *       call after an ejection.
 *   X3. An ejection lasts for min(ejectMsMax, ejectMs · 2^n) ± 50 %, n ejections without
 *       `ejectMsMax` of calm between them.
 *   X4. A call that began before the endpoint came back counts for nothing.
 *   X5. While less than `panicShare` of the endpoints are in, all are eligible.
 *
 * Source: Envoy's outlier detection, with its limit checked after and not before the ejection (#27066:
 * 67 % of three took out all three); Linkerd's failure accrual. Rejected: deviation from the mean
 * success rate (it needs five endpoints and a hundred calls each, which most systems do not have).
 */
import { type Draw, spread } from './draw.ts'
import { SlidingCounts } from './sliding-counts.ts'

/** Who is left out, and for how long. */
export interface EjectionOptions {
  /** Failures in a row. @defaultValue 5 */
  readonly consecutiveMax?: number
  /** Share of successes below which an endpoint is left out. @defaultValue 0.8 */
  readonly successMin?: number
  /** Calls in ten seconds before the share is looked at. @defaultValue 10 */
  readonly callsMin?: number
  /** First ejection, in ms. @defaultValue 1_000 */
  readonly ejectMs?: number
  /** Longest ejection before the jitter, in ms. @defaultValue 60_000 */
  readonly ejectMsMax?: number
  /** Share of endpoints that may be out. @defaultValue 0.5 */
  readonly shareMax?: number
  /** Share of endpoints in, below which nobody is left out. @defaultValue 0.5 */
  readonly panicShare?: number
}

/** How one call to one endpoint ended. */
export interface EjectionResult {
  readonly id: string
  readonly verdict: 'success' | 'failure'
  /** When the call was sent. */
  readonly beganMs: number
  readonly nowMs: number
}

interface Member {
  readonly counts: SlidingCounts
  failuresInARow: number
  /** Ejections without calm between them. */
  ejections: number
  /** When it came back, or will. */
  backAtMs: number
  isOnProbation: boolean
}

const CALLS = 0
const SUCCEEDED = 1
const JITTER = 0.5

/** The health of the endpoints of one service, as this process sees it. */
export class Ejection {
  readonly #options: Required<EjectionOptions>
  #members = new Map<string, Member>()
  /** When the last of them is back: until then somebody is out. */
  #allBackAtMs = Number.NEGATIVE_INFINITY

  constructor(options: EjectionOptions = {}) {
    this.#options = {
      consecutiveMax: 5,
      successMin: 0.8,
      callsMin: 10,
      ejectMs: 1_000,
      ejectMsMax: 60_000,
      shareMax: 0.5,
      panicShare: 0.5,
      ...options,
    }
  }

  /** The endpoints that exist now. Known ones keep their past. */
  update(ids: readonly string[]): void {
    this.#members = new Map(ids.map((id) => [id, this.#members.get(id) ?? newMember()]))
  }

  /** True if the endpoint may be picked. */
  isEligible(id: string, nowMs: number): boolean {
    if (nowMs >= this.#allBackAtMs || !this.#isOut(id, nowMs)) return true
    const inside = this.#members.size - this.ejected(nowMs)
    return inside < this.#options.panicShare * this.#members.size
  }

  /** Counts one result, and ejects if that is due and allowed. True if it ejected. */
  record({ id, verdict, beganMs, nowMs }: EjectionResult, draw: Draw): boolean {
    const member = this.#members.get(id)
    if (member === undefined || beganMs < member.backAtMs) return false
    const isOutlier = this.#count(member, verdict === 'success', nowMs)
    if (!isOutlier || !this.#hasRoom(nowMs)) return false
    this.#eject(member, nowMs, draw)
    return true
  }

  /** How many are out now. */
  ejected(nowMs: number): number {
    let out = 0
    for (const { backAtMs } of this.#members.values()) if (nowMs < backAtMs) out += 1
    return out
  }

  #count(member: Member, isSuccess: boolean, nowMs: number): boolean {
    const counts = member.counts.at(nowMs)
    counts.add(CALLS)
    if (isSuccess) {
      counts.add(SUCCEEDED)
      member.failuresInARow = 0
      member.isOnProbation = false
      return false
    }
    member.failuresInARow += 1
    const { consecutiveMax, callsMin, successMin } = this.#options
    const calls = counts.total(CALLS)
    return (
      member.isOnProbation ||
      member.failuresInARow >= consecutiveMax ||
      (calls >= callsMin && counts.total(SUCCEEDED) < successMin * calls)
    )
  }

  #hasRoom(nowMs: number): boolean {
    return this.ejected(nowMs) + 1 <= Math.floor(this.#options.shareMax * this.#members.size)
  }

  #eject(member: Member, nowMs: number, draw: Draw): void {
    const { ejectMs, ejectMsMax } = this.#options
    if (nowMs - member.backAtMs > ejectMsMax) member.ejections = 0
    const ms = Math.min(ejectMsMax, ejectMs * 2 ** member.ejections)
    member.ejections += 1
    member.backAtMs = nowMs + spread({ ms, share: JITTER }, draw)
    member.isOnProbation = true
    member.failuresInARow = 0
    member.counts.clear()
    this.#allBackAtMs = Math.max(this.#allBackAtMs, member.backAtMs)
  }

  #isOut(id: string, nowMs: number): boolean {
    return nowMs < (this.#members.get(id)?.backAtMs ?? Number.NEGATIVE_INFINITY)
  }
}

function newMember(): Member {
  return {
    counts: new SlidingCounts({ slices: 10, sliceMs: 1_000, columns: 2 }),
    failuresInARow: 0,
    ejections: 0,
    backAtMs: Number.NEGATIVE_INFINITY,
    isOnProbation: false,
  }
}
