/**
 * Attempts: the one place that waits, sends again and hedges, as the scheduler decides.
 *
 * The scheduler (`Attempts` of `policy`) is a pure machine: it is told what happened and answers with
 * a step. This file does what the steps say, and nothing else: it sends, sleeps, aborts and ends.
 *
 * Invariants:
 *   A1. The call ends once; after that none of its timers and listeners is left, and what still runs
 *       of its attempts is aborted.
 *   A2. Once an attempt may have acted, the call cannot end `unsent`.
 *   A3. What is returned without another attempt is an attempt's own failure. Where asking again from
 *       above is useless, it carries the advice `never`.
 *   A4. A caller that leaves ends the call in that moment, also in the middle of a pause.
 */
import { Deadline } from '#clock'
import { assert, type RetryAdvice } from '#errors'
import { attemptMs, Attempts, type AttemptsPolicy, type Step as Decision } from '#policy'
import {
  type Arrow,
  classOfEnding,
  type Ending,
  type Failed,
  failed,
  failedBy,
  type Next,
  type Outgoing,
  type Step,
} from './arrow.ts'

/** Tries until the call ended well, ended for good, or no attempt can end in time. */
export function attempts(arrow: Arrow): Step {
  const { neighbour, isRepeatable, hedge } = arrow
  const { attemptsMax } = arrow.reference.policy
  const { budget } = neighbour
  const plain: AttemptsPolicy = { attemptsMax, hasSameEffect: isRepeatable, budget }
  if (hedge === undefined)
    return { around: (next) => async (call) => once(next, arrow, call, plain) }
  const hedged: AttemptsPolicy = { ...plain, hedge }
  const around = (next: Next): Next => {
    return async (call) => new Trying(next, arrow, call, neighbour.hasChoice ? hedged : plain).run()
  }
  return { around }
}

/**
 * Nearly every call ends with its first answer, and then there is nothing to schedule. The scheduler
 * is a pure machine, so where the first attempt failed it is told afterwards when that one began.
 */
async function once(
  next: Next,
  arrow: Arrow,
  call: Outgoing,
  policy: AttemptsPolicy,
): Promise<Ending> {
  const { clock } = arrow.caller.world
  const beganMs = clock.monotonicMs()
  const timeoutMs = attemptMs(policy, 1, call.deadline.atMs - beganMs)
  call.attempt = 1
  call.attemptBeganMs = beganMs
  call.attemptDeadline = Deadline.at(clock, beganMs + timeoutMs)
  const ending = await next(call)
  if ('error' in ending) return new Trying(next, arrow, call, policy).goOn(ending, beganMs)
  policy.budget.deposit()
  return ending
}

/** One call while it is tried. */
class Trying {
  readonly #next: Next
  readonly #arrow: Arrow
  readonly #call: Outgoing
  readonly #machine: Attempts
  readonly #isHedged: boolean
  readonly #end = Promise.withResolvers<Ending>()
  /** By number of the attempt; the first is at 1. */
  readonly #endings: (Ending | undefined)[] = []
  /** What aborts each attempt under way. Only a hedged call has two, and needs them. */
  readonly #aborts = new Map<number, AbortController>()
  #inFlight = 0
  #sent = 0
  #cancelTimer: (() => void) | undefined

  constructor(next: Next, arrow: Arrow, call: Outgoing, policy: AttemptsPolicy) {
    this.#next = next
    this.#arrow = arrow
    this.#call = call
    this.#isHedged = policy.hedge !== undefined
    this.#machine = new Attempts(policy, call.deadline.atMs)
  }

  async run(): Promise<Ending> {
    return this.#whole(() => this.#do(this.#machine.begin(this.#nowMs())))
  }

  /** The same after a first attempt that failed. */
  async goOn(ending: Failed, beganMs: number): Promise<Ending> {
    return this.#whole(() => {
      this.#machine.begin(beganMs)
      this.#inFlight = 1
      this.#sent = 1
      this.#ended(1, ending, beganMs)
    })
  }

  async #whole(begin: () => void): Promise<Ending> {
    const { signal } = this.#call
    signal?.addEventListener('abort', this.#left, { once: true })
    begin()
    try {
      return await this.#end.promise
    } finally {
      signal?.removeEventListener('abort', this.#left)
      this.#cancelTimer?.()
      if (this.#aborts.size > 0) this.#abortAll(new Error('another attempt was faster'))
    }
  }

  #do(step: Decision): void {
    switch (step.step) {
      case 'send':
        if (step.hedgeAfterMs !== undefined) this.#after(step.hedgeAfterMs, () => this.#hedge())
        void this.#send(step.attempt, step.timeoutMs)
        return
      case 'wait':
        this.#after(step.delayMs, () => this.#do(this.#machine.waitOver(this.#nowMs())))
        return
      case 'settle':
        this.#settle(this.#endings[step.attempt], step.isStamped)
        return
      case 'nothing':
    }
  }

  /** Never rejects: a bug below ends the call with it. */
  async #send(attempt: number, timeoutMs: number): Promise<void> {
    const { clock } = this.#arrow.caller.world
    const beganMs = clock.monotonicMs()
    const signal = this.#isHedged ? this.#signalOf(attempt) : this.#call.signal
    this.#inFlight += 1
    this.#sent += 1
    try {
      const limit = Deadline.at(clock, beganMs + timeoutMs)
      const own = { attempt, attemptBeganMs: beganMs, attemptDeadline: limit, signal }
      const trial = { ...this.#call, ...own }
      this.#ended(attempt, await this.#next(trial), beganMs)
    } catch (bug) {
      this.#end.reject(bug)
    }
  }

  #ended(attempt: number, ending: Ending, beganMs: number): void {
    const nowMs = this.#nowMs()
    const { hedge, neighbour, draw } = this.#arrow
    this.#inFlight -= 1
    this.#aborts.delete(attempt)
    this.#cancelTimer?.()
    // The interrupted loser counts, too: without the slow ones the percentile would sink.
    hedge?.record({ tookMs: nowMs - beganMs, nowMs })
    const hasLeft = this.#call.signal?.aborted === true && 'error' in ending
    const outcomeClass = hasLeft ? 'cancelled' : classOfEnding(ending)
    if (outcomeClass === 'local') this.#sent -= 1
    this.#endings[attempt] = ending
    const outcome = { attempt, class: outcomeClass, ...paceOf(ending, neighbour.hasChoice) }
    this.#do(this.#machine.ended(outcome, nowMs, draw))
  }

  #hedge(): void {
    const nowMs = this.#nowMs()
    const state = this.#arrow.breaker?.state(nowMs) ?? 'closed'
    if (state === 'closed') this.#do(this.#machine.hedgeDue(nowMs))
  }

  /** The caller left. What is under way ends by its signal; a pause is over now. */
  readonly #left = (): void => {
    if (this.#inFlight > 0) return this.#abortAll(this.#call.signal?.reason)
    this.#machine.cancel()
    this.#settle(
      this.#endings.findLast((each) => each !== undefined),
      false,
    )
  }

  #settle(told: Ending | undefined, isStamped: boolean): void {
    assert(told !== undefined, 'a call settles with an attempt that ended')
    this.#end.resolve(this.#told(told, isStamped))
  }

  /** The ending of the whole call: what an earlier attempt may have done, no later one undoes. */
  #told(told: Ending, isStamped: boolean): Ending {
    const sent = this.#sent
    if (!('error' in told)) return { ...told, attempts: sent }
    const mayHaveActed = this.#endings.some((each) => each?.kind === 'unknown')
    const isSaid = told.kind === 'unknown' || !mayHaveActed
    if (isSaid && !isStamped) return { ...told, attempts: sent }
    return failedBy(this.#arrow, { ...this.#call, attempt: sent }, told.error, {
      effect: mayHaveActed ? 'unknown' : told.error.effect,
      advice: isStamped ? 'never' : told.error.advice,
      class: told.class,
    })
  }

  #signalOf(attempt: number): AbortSignal {
    const controller = new AbortController()
    this.#aborts.set(attempt, controller)
    return controller.signal
  }

  #abortAll(reason: unknown): void {
    for (const each of this.#aborts.values()) each.abort(reason)
  }

  #after(delayMs: number, run: () => void): void {
    this.#cancelTimer = this.#arrow.caller.world.timers.after(delayMs, run)
  }

  #nowMs(): number {
    return this.#arrow.caller.world.clock.monotonicMs()
  }
}

/** What a failure says about when and where to try again. */
function paceOf(
  ending: Ending,
  hasChoice: boolean,
): { readonly retryAfterMs?: number; readonly advice?: RetryAdvice } {
  if (!('error' in ending)) return {}
  const { retryAfterMs, advice } = ending.error
  // `Retry-After` of one that sends elsewhere is its own: the balancer keeps it, the others are free.
  if (advice === 'elsewhere' && hasChoice) return { advice }
  return {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    // Where there is no elsewhere, the same endpoint is asked, and it wants to be asked later.
    ...(advice === undefined ? {} : { advice: advice === 'elsewhere' ? 'later' : advice }),
  }
}

/** Gives the attempt its time in whole milliseconds: this is what the callee is told. */
export function attemptDeadline(arrow: Arrow): Step {
  return {
    out: (call) => {
      const remainingMs = call.attemptDeadline.remainingMs()
      // Whole, so that what we wait is what we said; rounded down, so that D1 holds.
      call.attemptMs = Math.floor(remainingMs)
      if (call.attemptMs >= 1) return undefined
      return failed(arrow, call, 'HF_DEADLINE_EXHAUSTED', {
        detail: `${remainingMs.toFixed(1)} ms were left for attempt ${call.attempt}, not 1 ms`,
        class: 'local',
      })
    },
  }
}
