/**
 * From the code and the effect of a failure to its class: the word in which scheduler, breaker and
 * balancer agree on what it means.
 *
 * Invariants:
 *   O1. A failure with effect `unknown` is never of a class that may be repeated freely.
 *   O2. A code says whose fault it was, its effect whether the callee acted; no message is read.
 */
import { catalogue, type Code, type Effect } from '#errors'
import type { OutcomeClass } from '#policy'

/** Where the code says more than its status and effect do. */
const known: Readonly<Partial<Record<Code, OutcomeClass>>> = {
  HF_ANSWER_INVALID: 'invalid',
  HF_CALL_DENIED: 'client',
  HF_KEY_CANCELLED: 'client',
  HF_DEADLINE_EXHAUSTED: 'shed',
  HF_DRAINING: 'shed',
  HF_OVERLOADED: 'shed',
  // Nobody's fault, and over soon: the callee said when. To the circuit it says nothing.
  HF_KEY_BUSY: 'throttled',
  HF_QUOTA_EXCEEDED: 'throttled',
  // The next attempt would meet the same full disk.
  HF_DB_FULL: 'failed',
}

/** No byte left: connecting failed, or the time passed before the network had begun. */
const sending: ReadonlySet<Code> = new Set<Code>([
  'HF_CALL_NOT_SENT',
  'HF_CALL_LOST',
  'HF_CALL_TIMEOUT',
])

/** The class of a failure that an attempt ended with. */
export function classOf(code: Code, effect: Effect): OutcomeClass {
  if (effect === 'none' && sending.has(code)) return 'unsent'
  const given = known[code]
  if (given !== undefined && (effect === 'none' || given === 'invalid')) return given
  const { status } = catalogue[code]
  if (status === 500) return 'failed'
  if (effect === 'unknown') return 'ambiguous'
  // A conflict in the callee's database is over when the other transaction is; all else below 500 is ours.
  return status < 500 && status !== 409 ? 'client' : 'rejected'
}
