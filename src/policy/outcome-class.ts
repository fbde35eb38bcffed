/**
 * What the end of one attempt means: whether it may be repeated, and what it says about the circuit
 * and the endpoint. The one table that scheduler, breaker, balancer and ejection read.
 *
 * Intuition: two questions decide everything. Did the callee act? Was it the callee's fault? A status
 * code answers neither; its class answers both.
 *
 * Invariants:
 *   O1. What may have acted is repeated only if a repetition has the same effect.
 *   O2. What happened on this side of the wire (`local`, `cancelled`) is held against nobody.
 *
 * Source: RFC 9110 on status codes; gRPC proposal A6 (transparent retry); Finagle's nacks. Rejected:
 * retry on a list of status codes, as most libraries do: 503 alone may be before or after the act.
 */

/** How one attempt ended, as seen by the caller. */
export type OutcomeClass =
  /** The callee answered by its contract. */
  | 'done'
  /** The callee answered a declared business no. */
  | 'refused'
  /** No byte can have reached the callee: connection refused, DNS, TLS. */
  | 'unsent'
  /** The callee promised that it did not act: 503 of its admission, draining. */
  | 'rejected'
  /** The same, but it works and lets others in: 503 or 504 of the admission of one of our services. */
  | 'shed'
  /** The caller sent too much: 429. */
  | 'throttled'
  /** Timeout, reset after send, 502 and 504 without a promise. */
  | 'ambiguous'
  /** An answer that breaks the contract. */
  | 'invalid'
  /** The callee acted and failed: 500. */
  | 'failed'
  /** The caller's own mistake: 4xx. */
  | 'client'
  /** Our caller went away, or another attempt was faster. */
  | 'cancelled'
  /** Stopped on this side: circuit open, bulkhead full, no time left. */
  | 'local'

/** What a class means to those who decide. */
export interface OutcomeMeaning {
  /** Whether the callee acted. */
  readonly acted: 'no' | 'unknown' | 'yes'
  /** Whether another attempt may follow; `same-effect`: only of a query or a keyed command. */
  readonly repeat: 'always' | 'same-effect' | 'never'
  /** What the breaker counts. A refusal is an answer of a callee that works. */
  readonly circuit: 'success' | 'failure' | 'ignored'
  /**
   * What balancer and ejection count. `penalty`: send it less, but do not eject it, because ejecting
   * who is overloaded overloads the rest. `latency`: it took this long, at least; no verdict.
   */
  readonly endpoint: 'success' | 'failure' | 'penalty' | 'latency' | 'ignored'
}

/** The meaning of each class. */
export const outcomeMeanings: Readonly<Record<OutcomeClass, OutcomeMeaning>> = {
  done: { acted: 'yes', repeat: 'never', circuit: 'success', endpoint: 'success' },
  refused: { acted: 'yes', repeat: 'never', circuit: 'success', endpoint: 'success' },
  unsent: { acted: 'no', repeat: 'always', circuit: 'failure', endpoint: 'failure' },
  rejected: { acted: 'no', repeat: 'always', circuit: 'failure', endpoint: 'penalty' },
  // At ten times the capacity nine of ten are shed: a circuit that opens on them loses the tenth, too.
  shed: { acted: 'no', repeat: 'always', circuit: 'ignored', endpoint: 'penalty' },
  throttled: { acted: 'no', repeat: 'always', circuit: 'ignored', endpoint: 'penalty' },
  ambiguous: { acted: 'unknown', repeat: 'same-effect', circuit: 'failure', endpoint: 'failure' },
  invalid: { acted: 'unknown', repeat: 'same-effect', circuit: 'failure', endpoint: 'failure' },
  failed: { acted: 'yes', repeat: 'never', circuit: 'failure', endpoint: 'failure' },
  client: { acted: 'no', repeat: 'never', circuit: 'ignored', endpoint: 'ignored' },
  cancelled: { acted: 'unknown', repeat: 'never', circuit: 'ignored', endpoint: 'latency' },
  local: { acted: 'no', repeat: 'never', circuit: 'ignored', endpoint: 'ignored' },
}
