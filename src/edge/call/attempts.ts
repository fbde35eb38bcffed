/**
 * Attempts: how often a call is tried, when, and how long each attempt may take.
 *
 * Intuition: what certainly did not happen may be tried again by anybody; what may have happened only
 * where the contract makes a second time harmless. And a retry that cannot end in time is not begun:
 * the caller then learns the true failure at once, not "timeout" later.
 *
 * Invariants:
 *   A1. At most `attemptsMax` attempts, and none after the deadline or after the caller left.
 *   A2. `unknown` is tried again only if the arrow is repeatable.
 *   A3. No attempt starts before the callee's `Retry-After` has passed.
 *   A4. Once an attempt may have acted, the call cannot end `unsent`.
 *   A5. What is returned without another attempt is the failure itself, unchanged.
 */
import type { Code } from '#errors'
import { backoffMs, pacedMs } from '#policy'
import { sleep } from '#world'
import { type Arrow, type Ending, failed, failedBy, type Next, type Outgoing } from './arrow.ts'

/**
 * The failures that another attempt may not meet again. All others are the same on the next attempt:
 * mistakes of the caller, bugs of the callee, a full disk.
 */
const passing: ReadonlySet<Code> = new Set<Code>([
  'HF_CALL_NOT_SENT',
  'HF_CALL_LOST',
  'HF_CALL_TIMEOUT',
  'HF_CALL_REJECTED',
  'HF_CALL_FAILED',
  'HF_DEADLINE_EXHAUSTED',
  'HF_ANSWER_INVALID',
  'HF_KEY_BUSY',
  'HF_DRAINING',
  'HF_DB_UNREACHABLE',
  'HF_DB_TIMEOUT',
  'HF_DB_LOCK_TIMEOUT',
  'HF_DB_CONFLICT',
  'HF_DB_READ_ONLY',
  'HF_DB_COMMIT_UNKNOWN',
])

/** Tries until the call ended well, ended for good, or no attempt can end in time. */
export function attempts(next: Next, arrow: Arrow): Next {
  const { attemptsMax } = arrow.reference.policy
  if (attemptsMax <= 1) return async (call) => next({ ...call, attempt: 1 })
  return async (call) => {
    let earlier: Ending | undefined
    for (let attempt = 1; ; attempt += 1) {
      // One after the other is the point: an attempt is made because the one before it failed.
      // oxlint-disable-next-line no-await-in-loop
      const ending = owned(arrow, call, earlier, await next({ ...call, attempt }))
      const delayMs = attempt < attemptsMax ? retryInMs(arrow, call, ending) : undefined
      // oxlint-disable-next-line no-await-in-loop
      if (delayMs === undefined || !(await slept(arrow, call, delayMs))) return ending
      earlier = ending
    }
  }
}

/** The ending of the whole call so far: what an earlier attempt may have done, no later one undoes. */
function owned(arrow: Arrow, call: Outgoing, earlier: Ending | undefined, ending: Ending): Ending {
  if (earlier?.kind !== 'unknown' || ending.kind !== 'unsent') return ending
  const { error, attempts: attempt } = ending
  return failedBy(arrow, { ...call, attempt }, error, 'unknown')
}

/** The delay before the next attempt, or `undefined` if there must be none. */
function retryInMs(
  { caller, isRepeatable }: Arrow,
  call: Outgoing,
  ending: Ending,
): number | undefined {
  if (!('error' in ending) || !passing.has(ending.error.code)) return undefined
  if (ending.kind === 'unknown' && !isRepeatable) return undefined
  const { random } = caller.world
  const { retryAfterMs: afterMs } = ending.error
  const delayMs = Math.max(
    backoffMs({ retry: ending.attempts, roll: random.float() }),
    afterMs === undefined ? 0 : pacedMs({ afterMs, roll: random.float() }),
  )
  // The time is checked before sleeping: after it, only the sleep would have been gained.
  return delayMs + 1 <= call.deadline.remainingMs() ? delayMs : undefined
}

/** Waits; false if another attempt has become pointless meanwhile: a timer may be late. */
async function slept({ caller }: Arrow, call: Outgoing, delayMs: number): Promise<boolean> {
  try {
    await sleep(caller.world.timers, delayMs, call.signal)
    return call.signal?.aborted !== true && call.deadline.remainingMs() >= 1
  } catch {
    // `sleep` rejects only with the reason of the signal: nobody waits for another attempt.
    return false
  }
}

/** The share of what is left that the first of several attempts gets: the rest pays for one retry. */
const FIRST_SHARE = 0.6

/** Gives the attempt its time: this is what the callee is told. */
export function attemptDeadline(next: Next, arrow: Arrow): Next {
  const { attemptsMax } = arrow.reference.policy
  return async (call) => {
    const isFirstOfSeveral = call.attempt === 1 && attemptsMax > 1
    const remainingMs = call.deadline.remainingMs()
    // Whole milliseconds, so that what we wait is what we said; rounded down, so that D1 holds.
    const attemptMs = Math.floor(isFirstOfSeveral ? remainingMs * FIRST_SHARE : remainingMs)
    if (attemptMs >= 1) return next({ ...call, attemptMs })
    return failed(arrow, { ...call, attempt: call.attempt - 1 }, 'HF_DEADLINE_EXHAUSTED', {
      detail: `${remainingMs.toFixed(1)} ms were left for attempt ${call.attempt}, not 1 ms`,
    })
  }
}
