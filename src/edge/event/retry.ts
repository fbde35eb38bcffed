/**
 * What to do after a delivery failed: try again later, wait for the consumer, or give the message up.
 *
 * Intuition: two things go wrong in one place. A message that its consumer cannot digest will fail
 * again, and must end as a dead letter before somebody notices by the silence of its key. A consumer
 * that is away fails every message, and says nothing about any of them.
 *
 * The decision, in three steps. Not reached at all (HF_CALL_NOT_SENT; of a broker, HF_BROKER_*): that is
 * the edge's trouble. No row is touched; the edge pauses and tries again for as long as the consumer is away. Answered that
 * it cannot work now (status 503: its database, or a neighbour that it asks): the message waits and
 * comes nearer to its end only up to a point, so that no outage, however long, fills the dead
 * letters. Everything else counts for the message, unknown outcomes too, because a crash that a
 * message causes looks like a connection that was lost.
 *
 * Invariants:
 *   J1. A message dies at its `ATTEMPTS_MAX`th counted failure, and not before; unless its consumer
 *       said that it is too old, which no later try can change.
 *   J2. A delay is at least what the consumer asked for by `Retry-After`, up to RETRY_AFTER_MS_MAX,
 *       and otherwise random between 0 and a bound that doubles up to DELAY_MS_MAX (full jitter).
 *   J3. The error that is kept names a code and a detail, at most ERROR_LENGTH_MAX characters: never
 *       a stack, never the text of an exception that nobody checked for secrets.
 *
 * Source: Brooker, "Exponential Backoff and Jitter" (AWS Architecture Blog, 2015).
 */
import { catalogue, type Code, isHoldfastError } from '#errors'
import type { Random } from '#world'

/** Counted failures of one message before it is dead: about two minutes of trying. */
export const ATTEMPTS_MAX = 12

/** What an outage may count for: enough for the longest delay, and four tries are left after it. */
export const UNWELL_ATTEMPTS_MAX = 8

const DELAY_MS_BASE = 200
const DELAY_MS_MAX = 30_000
const RETRY_AFTER_MS_MAX = 600_000
const ERROR_LENGTH_MAX = 300

/** The next step after a failure. */
export type Verdict =
  | { readonly verdict: 'away'; readonly error: string }
  | {
      readonly verdict: 'again'
      readonly error: string
      /** Counted failures, this one included. */
      readonly attempts: number
      readonly delayMs: number
    }
  | { readonly verdict: 'dead'; readonly error: string; readonly attempts: number }

/** Judges the failure of a message that failed `attempts` times before. */
export function judge(failure: unknown, attempts: number, random: Random): Verdict {
  const error = describe(failure)
  if (isAway(failure)) return { verdict: 'away', error }
  // Another try would be refused for the same reason, only later.
  if (isHoldfastError(failure, 'HF_EVENT_EXPIRED'))
    return { verdict: 'dead', error, attempts: attempts + 1 }
  const counted = isUnwell(failure)
    ? Math.max(attempts, Math.min(attempts + 1, UNWELL_ATTEMPTS_MAX))
    : attempts + 1
  if (counted >= ATTEMPTS_MAX) return { verdict: 'dead', error, attempts: counted }
  return { verdict: 'again', error, attempts: counted, delayMs: delayMs(failure, attempts, random) }
}

/** True if the consumer answered that it cannot work now. */
export function isUnwell(failure: unknown): boolean {
  return isHoldfastError(failure) && catalogue[failure.code].status === 503
}

/** True if the consumer, or the broker, was not reached at all: that says nothing about the message. */
export function isAway(failure: unknown): boolean {
  return isHoldfastError(failure) && AWAY.has(failure.code)
}

const AWAY: ReadonlySet<Code> = new Set([
  'HF_CALL_NOT_SENT',
  'HF_BROKER_UNAVAILABLE',
  'HF_BROKER_FULL',
])

/** How long to wait after `failure`, which had `failures` like it before, in ms. */
export function delayMs(failure: unknown, failures: number, random: Random): number {
  const asked = isHoldfastError(failure) ? (failure.retryAfterMs ?? 0) : 0
  return Math.max(Math.min(asked, RETRY_AFTER_MS_MAX), backoffMs(failures, random))
}

/** A random delay after `failures` earlier failures, in ms. */
export function backoffMs(failures: number, random: Random): number {
  return random.float() * Math.min(DELAY_MS_MAX, DELAY_MS_BASE * 2 ** failures)
}

function describe(failure: unknown): string {
  const text = isHoldfastError(failure)
    ? `${failure.code}: ${failure.detail}`
    : `HF_EVENT_UNDELIVERED: ${failure instanceof Error ? failure.name : typeof failure}`
  return text.slice(0, ERROR_LENGTH_MAX)
}
