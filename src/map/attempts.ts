/**
 * Attempts that fit: how many of the declared attempts the deadline has room for.
 *
 * Intuition: five attempts in 100 ms are a wish. The first attempt gets 60 % of the time and each
 * later one all that is left, so after two that were waited out there is no third; attempts that fail
 * at once cost only the waits between them.
 *
 * Invariants:
 *   F1. 1 ≤ slow ≤ fast ≤ attemptsMax.
 *   F2. `fast` attempts begin within the deadline even if every wait is its longest.
 *   F3. `slow` never exceeds 2: the second attempt may use up the deadline.
 */
import { type ArrowPolicy, backoffMsMax, FIRST_SHARE } from './policy.ts'

/** How many attempts there is time for. */
export interface AttemptsThatFit {
  /** If each attempt is waited for as long as it may take. */
  readonly slow: number
  /** If each attempt fails at once, and each wait is its longest. */
  readonly fast: number
}

/** A retry is not begun with less time left than this, in ms. */
const RETRY_MS_MIN = 1

/** The attempts that a deadline has room for. */
export function attemptsThatFit({ deadlineMs, attemptsMax }: ArrowPolicy): AttemptsThatFit {
  const leftMs = Math.floor(deadlineMs * (1 - FIRST_SHARE))
  const hasSecond = attemptsMax > 1 && leftMs >= backoffMsMax(1) + RETRY_MS_MIN
  let fast = 1
  let waitedMs = 0
  while (fast < attemptsMax) {
    waitedMs += backoffMsMax(fast)
    if (waitedMs + RETRY_MS_MIN > deadlineMs) break
    fast += 1
  }
  return { slow: hasSecond ? 2 : 1, fast }
}
