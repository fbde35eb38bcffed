/**
 * Holdfast's own machines around a function: retry with budget, breaker, bulkhead and deadline, driven
 * as an edge drives them.
 *
 * The machines decide and this function acts: it is the smallest caller that does all they say.
 */
import { Attempts, Breaker, Bulkhead, RetryBudget, type Step } from '#policy'
import { nodeClock, nodeRandom, nodeTimers, sleep, withDeadline } from '#world'

const DEADLINE_MS = 1_000
const ATTEMPTS_MAX = 3
const late = (): Error => new Error('too late')
const draw = (): number => nodeRandom.float()

/** How an attempt's time is bounded: by a timer and a signal of its own, or not at all. */
export type Bound = 'a timer for each attempt' | 'no timer'

/** The call of `run` under the machines. */
export function governed<T>(run: () => Promise<T>, bound: Bound): () => Promise<T> {
  const budget = new RetryBudget({}, nodeClock.monotonicMs())
  const breaker = new Breaker()
  const bulkhead = new Bulkhead({ inFlightMax: 32 })
  const policy = { attemptsMax: ATTEMPTS_MAX, hasSameEffect: true, budget }
  const attempted = bound === 'no timer' ? run : inTime(run)

  const attempt = async (attempts: Attempts, number: number): Promise<Ended<T>> => {
    const nowMs = nodeClock.monotonicMs()
    const permit = breaker.tryAcquire(nowMs, draw)
    if (permit === undefined) throw new Error('open')
    try {
      const value = await attempted(DEADLINE_MS)
      const endedMs = nodeClock.monotonicMs()
      breaker.record(permit, 'success', endedMs, draw)
      return { step: attempts.ended({ attempt: number, class: 'done' }, endedMs, draw), value }
    } catch (error) {
      const endedMs = nodeClock.monotonicMs()
      breaker.record(permit, 'failure', endedMs, draw)
      return { step: attempts.ended({ attempt: number, class: 'ambiguous' }, endedMs, draw), error }
    }
  }

  return async () => {
    if (!bulkhead.tryEnter()) throw new Error('full')
    const nowMs = nodeClock.monotonicMs()
    const attempts = new Attempts(policy, nowMs + DEADLINE_MS)
    try {
      return await drive(attempts, attempts.begin(nowMs), (number) => attempt(attempts, number))
    } finally {
      bulkhead.leave(nodeClock.monotonicMs())
    }
  }
}

/** What one attempt brought, and what the machine says about it. */
type Ended<T> = { readonly step: Step } & ({ readonly value: T } | { readonly error: unknown })

/** Does what the steps say until the call settles. */
async function drive<T>(
  attempts: Attempts,
  first: Step,
  attempt: (number: number) => Promise<Ended<T>>,
): Promise<T> {
  let step = first
  while (step.step === 'send') {
    // oxlint-disable-next-line no-await-in-loop -- an attempt follows the one that failed.
    const ended = await attempt(step.attempt)
    step = ended.step
    if (step.step === 'settle') {
      if ('value' in ended) return ended.value
      throw ended.error
    }
    if (step.step === 'wait') {
      // oxlint-disable-next-line no-await-in-loop -- the machine asked to wait.
      await sleep(nodeTimers, step.delayMs)
      step = attempts.waitOver(nodeClock.monotonicMs())
    }
  }
  throw new Error(`the call ended with '${step.step}'`)
}

function inTime<T>(run: () => Promise<T>): (ms: number) => Promise<T> {
  return async (ms) => {
    const timed = withDeadline(nodeTimers, ms, late)
    try {
      return await run()
    } finally {
      timed.release()
    }
  }
}
