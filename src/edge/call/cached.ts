/**
 * The cache of one operation: answers that are used again, and questions that are asked once for all.
 *
 * The decisions are those of `AnswerCache`; this file waits, aborts and serves. A flight (one question
 * for all who wait for it) belongs to nobody: each waiter has its own deadline, and the question is
 * called off only when the last of them has left.
 *
 * Invariants:
 *   F1. A hit touches nothing below: no budget, circuit or slot. It counts as 0 attempts.
 *   F2. A waiter that leaves costs the others nothing; after the last, the question is aborted.
 *   F3. What is kept is frozen, because it is handed to many: nobody can change another's answer.
 *   F4. Instead of a failure an old answer is served, marked as degraded, but never instead of a
 *       refusal or of the caller's own mistake.
 *
 * The key is the input alone: the cache belongs to one operation as one service uses it. What the
 * answer depends on beyond its input (a tenant, a user) must stand in the input.
 */
import { Deadline } from '#clock'
import { assert, unreachable } from '#errors'
import { deepFreeze } from '#model'
import { AnswerCache, type Flight } from '#policy'
import { type Arrow, type Ending, failed, type Next, type Outgoing, type Step } from './arrow.ts'
import { isMistake } from './intent.ts'
import { canonicalJson } from './json.ts'

/** Serves what is known, and asks once for all who ask the same. */
export function cache(arrow: Arrow): Step | undefined {
  const { cache: policy } = arrow.reference.policy
  if (policy === undefined) return undefined
  const around = (next: Next): Next => {
    const answers = new Answers(next, arrow, new AnswerCache(policy))
    return async (call) => answers.ask(call)
  }
  return { around }
}

/** A question on its way. */
interface Flying {
  readonly ending: Promise<Ending>
  readonly abort: () => void
}

class Answers {
  readonly #next: Next
  readonly #arrow: Arrow
  readonly #cache: AnswerCache<unknown>
  readonly #flying = new WeakMap<Flight, Flying>()

  constructor(next: Next, arrow: Arrow, kept: AnswerCache<unknown>) {
    this.#next = next
    this.#arrow = arrow
    this.#cache = kept
  }

  async ask(call: Outgoing): Promise<Ending> {
    const key = canonicalJson(call.validated)
    const nowMs = this.#nowMs()
    const decided = this.#cache.ask({ key, nowMs, untilMs: nowMs + call.deadline.remainingMs() })
    switch (decided.decision) {
      case 'serve':
        return served(decided.value, false)
      case 'serve-and-refresh':
        this.#takeOff(call, decided.lead)
        return served(decided.value, false)
      case 'lead':
        return this.#orStale(
          key,
          await this.#wait(call, decided.lead, this.#takeOff(call, decided.lead)),
        )
      case 'join': {
        const flying = this.#flying.get(decided.flight)
        assert(flying !== undefined, 'every flight was taken off here')
        const ending = await this.#wait(call, decided.flight, flying)
        return this.#orStale(key, { ...ending, attempts: 0 })
      }
      case 'alone':
        return this.#orStale(key, await this.#next(call))
      default:
        return unreachable(decided)
    }
  }

  /** Asks for all. The question has the whole deadline of the edge: whoever joins may wait so long. */
  #takeOff(call: Outgoing, flight: Flight): Flying {
    const { caller, reference } = this.#arrow
    const controller = new AbortController()
    const deadline = Deadline.in(caller.world.clock, reference.policy.deadlineMs)
    const flying = {
      ending: this.#fly({ ...call, deadline, signal: controller.signal }, flight),
      abort: () => controller.abort(new Error('nobody waits for the answer any more')),
    }
    this.#flying.set(flight, flying)
    return flying
  }

  async #fly(call: Outgoing, flight: Flight): Promise<Ending> {
    let ending: Ending | undefined
    try {
      ending = await this.#next(call)
      return ending.kind === 'done' ? { ...ending, value: deepFreeze(ending.value) } : ending
    } finally {
      if (ending?.kind === 'done' && !ending.degraded)
        this.#cache.filled(flight, ending.value, this.#nowMs(), this.#arrow.draw)
      else this.#cache.failed(flight)
    }
  }

  /** Waits as long as this caller can. */
  async #wait(call: Outgoing, flight: Flight, { ending, abort }: Flying): Promise<Ending> {
    const { timers } = this.#arrow.caller.world
    const { promise: impatience, resolve: lose } = Promise.withResolvers<Ending>()
    const late = (): void => lose(this.#tooLate(call))
    const left = (): void => lose(this.#tooLate(call, 'cancelled'))
    const cancel = timers.after(call.deadline.remainingMs(), late)
    call.signal?.addEventListener('abort', left, { once: true })
    try {
      return await Promise.race([ending, impatience])
    } finally {
      cancel()
      call.signal?.removeEventListener('abort', left)
      if (this.#cache.leave(flight)) abort()
    }
  }

  #tooLate(call: Outgoing, left?: 'cancelled'): Ending {
    return failed(this.#arrow, call, 'HF_CALL_TIMEOUT', {
      detail: `the answer was not there when this caller ${left === undefined ? 'ran out of time' : 'left'}`,
      ...(left === undefined ? {} : { class: left }),
    })
  }

  #orStale(key: string, ending: Ending): Ending {
    if (!('error' in ending) || isMistake(ending)) return ending
    const stale = this.#cache.staleIfError(key, this.#nowMs())
    return stale === undefined
      ? ending
      : { ...served(stale.value, true), attempts: ending.attempts }
  }

  #nowMs(): number {
    return this.#arrow.caller.world.clock.monotonicMs()
  }
}

function served(value: unknown, degraded: boolean): Ending {
  return { kind: 'done', value, degraded, attempts: 0 }
}
