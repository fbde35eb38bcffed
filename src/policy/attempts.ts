/**
 * The attempts of one call: retry and hedge as one state machine that one budget pays for.
 *
 * Intuition: a retry is a second attempt after a failure, a hedge one before the answer. As two
 * layers they multiply, three times two; as one machine they share the limit, the deadline and the
 * budget. The caller tells what happened and does what the returned step says; nothing else decides.
 *
 * Invariants:
 *   A1. At most `attemptsMax` attempts are sent, retries and hedges counted together.
 *   A2. Without `hasSameEffect` nothing is sent after an attempt that may have acted.
 *   A3. With it, nothing is sent once two attempts that may have acted have failed.
 *   A4. Each attempt but the first is paid for by the budget, save one after the first `unsent`,
 *       which never touched the callee.
 *   A5. No attempt begins before a `Retry-After` is over, nor at or after the deadline.
 *   A6. After `settle` or `cancel` nothing is sent, whatever arrives later.
 *   A7. The call settles with an attempt's own failure, never with "budget empty": of several that
 *       failed, with the last one that may have acted.
 *   A8. "Do not retry" travels up: given if an answer carried it, or if this edge could have retried
 *       and had no attempts, no money or, after a retry, no time left.
 *
 * Paid before the wait and not after it: a wait that ends in "no money" only wastes the caller's time.
 *
 * Source: gRPC proposal A6 (retry and hedging throttled by the same tokens; transparent retry); SRE
 * ch. 21 (retry next to the failure and say so upwards: at depth 3 the leaf sees 3 calls instead of
 * 27). Rejected: retry around hedge; retrying at the outermost hop only, which repeats the work of all
 * hops between. Success is the same, work at the inner hops is not.
 */
import { assert } from '#errors'
import { backoffMs, pacedMs } from './backoff.ts'
import type { RetryBudget } from './budget.ts'
import type { Draw } from './draw.ts'
import type { Hedge } from './hedge.ts'
import { type OutcomeClass, type OutcomeMeaning, outcomeMeanings } from './outcome-class.ts'

/** What one call may do. Budget and hedge belong to the edge and outlive the call. */
export interface AttemptsPolicy {
  /** Attempts in all, the first included. */
  readonly attemptsMax: number
  /** True for a query or a keyed command: twice has the same effect as once. */
  readonly hasSameEffect: boolean
  readonly budget: RetryBudget
  /** Only for a query with at least two endpoints. */
  readonly hedge?: Hedge
}

/** How one attempt ended. */
export interface AttemptOutcome {
  /** Its number, as `send` gave it. */
  readonly attempt: number
  readonly class: OutcomeClass
  /** What the callee asked for. */
  readonly retryAfterMs?: number
  /** The callee's advice (`holdfast-retry`). `never` is the stamp of an edge below. */
  readonly advice?: 'never' | 'elsewhere' | 'later'
}

/** Why the call is over. */
export type SettleReason =
  /** The callee answered, well or ill, and asking again would not change it. */
  | 'final'
  | 'attempts-exhausted'
  | 'budget-exhausted'
  /** The next attempt would begin after the deadline. */
  | 'too-late'

/** What the caller must do now. */
export type Step =
  | {
      readonly step: 'send'
      /** 1 for the first. */
      readonly attempt: number
      /** Deadline of this attempt, and what the callee is told. */
      readonly timeoutMs: number
      /** Prefer an endpoint that this call has not tried. */
      readonly isElsewhere: boolean
      /** Call `hedgeDue` after this time unless the attempt ended before; `undefined`: never. */
      readonly hedgeAfterMs: number | undefined
    }
  /** Call `waitOver` after this time. */
  | { readonly step: 'wait'; readonly delayMs: number }
  /** Another attempt is still under way, or the call is over. */
  | { readonly step: 'nothing' }
  | {
      readonly step: 'settle'
      /** The attempt whose outcome is the call's. Abort the others. */
      readonly attempt: number
      readonly reason: SettleReason
      /** Whether any attempt may have acted; irrelevant for an answer by contract. */
      readonly mayHaveActed: boolean
      /** Answer upwards with `holdfast-retry: never`. */
      readonly isStamped: boolean
    }

const NOTHING: Step = { step: 'nothing' }
/** The first of several attempts leaves time for another one. */
const FIRST_SHARE = 0.6
/** Full jitter over a second where the callee has too much to do. */
const THROTTLED_MS = 1_000
/** Attempts that may have acted, of one call. */
const AMBIGUOUS_MAX = 2

/**
 * How long attempt number `attempt` may take of the `leftMs` that the call has.
 *
 * A timeout may have acted, so only what may be repeated after one needs time for it.
 */
export function attemptMs(
  { attemptsMax, hasSameEffect }: AttemptsPolicy,
  attempt: number,
  leftMs: number,
): number {
  const leavesTime = attempt === 1 && attemptsMax > 1 && hasSameEffect
  return leavesTime ? leftMs * FIRST_SHARE : leftMs
}

/**
 * The machine of one call.
 *
 * @example
 * const attempts = new Attempts({ attemptsMax: 3, hasSameEffect: true, budget }, nowMs + 1_000)
 * let step = attempts.begin(nowMs)
 * // ... send; then: step = attempts.ended({ attempt: 1, class: 'unsent' }, nowMs, draw)
 */
export class Attempts {
  readonly #policy: AttemptsPolicy
  readonly #deadlineMs: number
  #phase: 'new' | 'sending' | 'waiting' | 'over' = 'new'
  #sent = 0
  #inFlight = 0
  #ambiguous = 0
  #mayHaveActed = false
  /** Until here some `Retry-After` holds. */
  #notBeforeMs = Number.NEGATIVE_INFINITY
  #hasFreeRetry = true
  #isStamped = false
  /** The outcome to settle with, and how much it says. */
  #told = 1
  #toldWeight = -1

  /** `deadlineMs` is the moment on the monotonic clock at which the call ends. */
  constructor(policy: AttemptsPolicy, deadlineMs: number) {
    assert(policy.attemptsMax >= 1, 'a call has at least one attempt')
    this.#policy = policy
    this.#deadlineMs = deadlineMs
  }

  /** Sends the first attempt. */
  begin(nowMs: number): Step {
    assert(this.#phase === 'new', 'a call begins once')
    return this.#send(nowMs, this.#hedgeAfterMs(nowMs))
  }

  /** An attempt ended. */
  ended(outcome: AttemptOutcome, nowMs: number, draw: Draw): Step {
    if (this.#phase === 'over') return NOTHING
    assert(this.#inFlight > 0, 'an attempt ends once')
    this.#inFlight -= 1
    const meaning = outcomeMeanings[outcome.class]
    this.#learn(outcome, meaning)
    this.#obey(outcome, nowMs, draw)
    if (meaning.repeat === 'never' && outcome.class !== 'local')
      return this.#settle('final', outcome.attempt, meaning.circuit !== 'success')
    if (this.#inFlight > 0) return NOTHING
    return this.#afterFailure(outcome, meaning, nowMs, draw)
  }

  /** The wait of `wait` is over. */
  waitOver(nowMs: number): Step {
    if (this.#phase !== 'waiting') return NOTHING
    if (nowMs >= this.#deadlineMs) return this.#giveUp('too-late')
    return this.#send(nowMs, undefined)
  }

  /** The first attempt is later than most. Do not call it while the circuit is not closed. */
  hedgeDue(nowMs: number): Step {
    const { hedge, budget } = this.#policy
    const isOpen = this.#phase === 'sending' && this.#sent === 1 && this.#mayHedge()
    if (!isOpen || hedge === undefined || nowMs >= this.#deadlineMs) return NOTHING
    if (!hedge.isAffordable() || !budget.tryWithdraw(nowMs)) return NOTHING
    hedge.tryWithdraw()
    return this.#send(nowMs, undefined)
  }

  /** The caller went away. Abort what is under way. */
  cancel(): void {
    this.#phase = 'over'
  }

  #afterFailure(outcome: AttemptOutcome, meaning: OutcomeMeaning, nowMs: number, draw: Draw): Step {
    const { attemptsMax, hasSameEffect, budget } = this.#policy
    const isRepeatable =
      meaning.repeat === 'always' || (meaning.repeat === 'same-effect' && hasSameEffect)
    if (!isRepeatable || this.#isStamped) return this.#giveUp('final')
    if (this.#sent >= attemptsMax || this.#ambiguous >= AMBIGUOUS_MAX)
      return this.#giveUp('attempts-exhausted')
    const delayMs = this.#delayMs(outcome, nowMs, draw)
    if (nowMs + delayMs >= this.#deadlineMs) return this.#giveUp('too-late')
    if (!this.#isFree(outcome) && !budget.tryWithdraw(nowMs))
      return this.#giveUp('budget-exhausted')
    this.#phase = 'waiting'
    return delayMs === 0 ? this.waitOver(nowMs) : { step: 'wait', delayMs }
  }

  #learn({ attempt, class: ended, advice }: AttemptOutcome, meaning: OutcomeMeaning): void {
    if (attempt === 1 && meaning.circuit === 'success') this.#policy.budget.deposit()
    if (advice === 'never') this.#isStamped = true
    if (meaning.acted === 'unknown') this.#ambiguous += 1
    if (meaning.acted !== 'no') this.#mayHaveActed = true
    const weight = ended === 'local' ? 0 : meaning.acted === 'unknown' ? 2 : 1
    if (weight < this.#toldWeight) return
    this.#told = attempt
    this.#toldWeight = weight
  }

  #obey({ retryAfterMs = 0 }: AttemptOutcome, nowMs: number, draw: Draw): void {
    if (retryAfterMs <= 0) return
    const untilMs = nowMs + pacedMs({ afterMs: retryAfterMs, roll: draw() })
    this.#notBeforeMs = Math.max(this.#notBeforeMs, untilMs)
  }

  #delayMs({ class: ended, advice }: AttemptOutcome, nowMs: number, draw: Draw): number {
    const askedMs = Math.max(0, this.#notBeforeMs - nowMs)
    if (ended === 'throttled' || advice === 'later') return Math.max(askedMs, draw() * THROTTLED_MS)
    // Nothing was done there and another endpoint is at hand: the first time there is no need to wait.
    const isNack = ended === 'unsent' || ended === 'rejected' || ended === 'shed'
    if (isNack && this.#sent === 1) return askedMs
    return Math.max(askedMs, backoffMs({ retry: this.#sent, roll: draw() }))
  }

  /** The first attempt that did not even leave is repeated for nothing, once. */
  #isFree({ class: ended }: AttemptOutcome): boolean {
    const isFree = ended === 'unsent' && this.#hasFreeRetry
    if (isFree) this.#hasFreeRetry = false
    return isFree
  }

  #hedgeAfterMs(nowMs: number): number | undefined {
    const afterMs = this.#policy.hedge?.begin(nowMs)
    return afterMs !== undefined && this.#mayHedge() && nowMs + afterMs < this.#deadlineMs
      ? afterMs
      : undefined
  }

  #mayHedge(): boolean {
    return this.#policy.hasSameEffect && this.#policy.attemptsMax > 1
  }

  #send(nowMs: number, hedgeAfterMs: number | undefined): Step {
    this.#phase = 'sending'
    this.#sent += 1
    this.#inFlight += 1
    const timeoutMs = attemptMs(this.#policy, this.#sent, this.#deadlineMs - nowMs)
    const isElsewhere = this.#sent > 1
    return { step: 'send', attempt: this.#sent, timeoutMs, isElsewhere, hedgeAfterMs }
  }

  #giveUp(reason: SettleReason): Step {
    const couldRetry = this.#policy.attemptsMax > 1
    if (reason === 'attempts-exhausted' || reason === 'budget-exhausted')
      this.#isStamped ||= couldRetry
    if (reason === 'too-late') this.#isStamped ||= this.#sent > 1
    return this.#settle(reason, this.#told, true)
  }

  #settle(reason: SettleReason, attempt: number, isFailure: boolean): Step {
    this.#phase = 'over'
    const isStamped = isFailure && this.#isStamped
    return { step: 'settle', attempt, reason, mayHaveActed: this.#mayHaveActed, isStamped }
  }
}
