/**
 * Holdfast's own machines around a function: retry with budget, breaker, bulkhead and deadline, driven
 * as an edge drives them.
 *
 * The machines decide and this function acts: it is the smallest caller that does all they say. As an
 * edge does, it asks the scheduler only where the first attempt failed, and shares one wheel of timers.
 */
import { attemptMs, Attempts, Breaker, Bulkhead, RetryBudget, type Step } from '#policy'
import { nodeClock, nodeRandom, nodeWheel, sleep, type Timers } from '#world'

const DEADLINE_MS = 1_000
const ATTEMPTS_MAX = 3
const draw = (): number => nodeRandom.float()

/** How an attempt's time is bounded: by a timer on the shared wheel, or not at all. */
export type Bound = 'a shared timer' | 'no timer'

/** The call of `run` under the machines. */
export function governed<T>(run: () => Promise<T>, bound: Bound): () => Promise<T> {
  const timers = nodeWheel()
  const budget = new RetryBudget({}, nodeClock.monotonicMs())
  const breaker = new Breaker()
  const bulkhead = new Bulkhead({ inFlightMax: 32 })
  const policy = { attemptsMax: ATTEMPTS_MAX, hasSameEffect: true, budget }
  const attempted = bound === 'no timer' ? run : inTime(run, timers)

  const attempt = async (beganMs: number, limitMs: number): Promise<Ended<T>> => {
    const permit = breaker.tryAcquire(beganMs, draw)
    if (permit === undefined) return { error: new Error('open') }
    try {
      const value = await attempted(limitMs)
      breaker.record(permit, 'success', nodeClock.monotonicMs(), draw)
      return { value }
    } catch (error) {
      breaker.record(permit, 'failure', nodeClock.monotonicMs(), draw)
      return { error }
    }
  }

  const retried = async (ended: Ended<T>, beganMs: number): Promise<T> => {
    const attempts = new Attempts(policy, beganMs + DEADLINE_MS)
    attempts.begin(beganMs)
    return drive(attempts, ended, timers, attempt)
  }

  return async () => {
    if (!bulkhead.tryEnter()) throw new Error('full')
    const beganMs = nodeClock.monotonicMs()
    try {
      const ended = await attempt(beganMs, attemptMs(policy, 1, DEADLINE_MS))
      if ('error' in ended) return await retried(ended, beganMs)
      budget.deposit()
      return ended.value
    } finally {
      bulkhead.leave(beganMs)
    }
  }
}

/** What one attempt brought. */
type Ended<T> = { readonly value: T } | { readonly error: unknown }

/** Does what the steps say until the call settles. */
async function drive<T>(
  attempts: Attempts,
  first: Ended<T>,
  timers: Timers,
  attempt: (beganMs: number, limitMs: number) => Promise<Ended<T>>,
): Promise<T> {
  let ended = first
  for (let number = 1; ;) {
    const outcome = 'error' in ended ? 'ambiguous' : 'done'
    const nowMs = nodeClock.monotonicMs()
    let step: Step = attempts.ended({ attempt: number, class: outcome }, nowMs, draw)
    if (step.step === 'wait') {
      // oxlint-disable-next-line no-await-in-loop -- the machine asked to wait.
      await sleep(timers, step.delayMs)
      step = attempts.waitOver(nodeClock.monotonicMs())
    }
    if (step.step !== 'send') {
      if ('value' in ended) return ended.value
      throw ended.error
    }
    number = step.attempt
    // oxlint-disable-next-line no-await-in-loop -- an attempt follows the one that failed.
    ended = await attempt(nodeClock.monotonicMs(), step.timeoutMs)
  }
}

/** Who is too late is given up, whether `run` listens or not. */
function inTime<T>(run: () => Promise<T>, timers: Timers): (ms: number) => Promise<T> {
  return (ms) =>
    new Promise((resolve, reject) => {
      const cancel = timers.after(ms, () => reject(new Error('too late')))
      const settle = (value: T): void => {
        cancel()
        resolve(value)
      }
      const fail = (error: unknown): void => {
        cancel()
        reject(error)
      }
      run().then(settle, fail)
    })
}
