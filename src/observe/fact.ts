/**
 * The facts that a running system states about itself. One union, so that whoever prints, counts or
 * checks them is forced to know all of them.
 *
 * A fact holds names, numbers and ids, never an input, an answer or a secret.
 */
import type { Code } from '#errors'

/** How a call or a delivery ended, in the words of the four outcomes. */
export type Ended = 'done' | 'refused' | 'unsent' | 'unknown'

/** Something that happened. Durations in ms. `service` is who states it. */
export type Fact =
  | {
      readonly fact: 'lifecycle'
      readonly service: string
      readonly phase: 'starting' | 'ready' | 'draining' | 'stopped'
      readonly detail: string
    }
  | {
      /** An outgoing call ended. */
      readonly fact: 'called'
      readonly service: string
      readonly edge: string
      readonly ended: Ended
      readonly code: Code | undefined
      readonly attempts: number
      readonly tookMs: number
      readonly traceId: string
    }
  | {
      /** An incoming call was answered. */
      readonly fact: 'served'
      readonly service: string
      readonly operation: string
      readonly caller: string
      readonly status: number
      readonly code: string | undefined
      readonly replayed: boolean
      readonly tookMs: number
      readonly traceId: string
    }
  | {
      /** An event was committed to the outbox, once for each edge. */
      readonly fact: 'emitted'
      readonly service: string
      readonly event: string
      readonly id: string
      readonly key: string
      readonly edges: readonly string[]
      readonly traceId: string
    }
  | {
      /** The consumer, or a broker whose word counts, acknowledged a message and it left the outbox. */
      readonly fact: 'delivered'
      readonly service: string
      readonly edge: string
      readonly event: string
      readonly id: string
      readonly key: string
      readonly attempts: number
      readonly lagMs: number
    }
  | {
      /** A consumer committed the effect of a message, or found that it had before. */
      readonly fact: 'consumed'
      readonly service: string
      readonly edge: string
      readonly event: string
      readonly id: string
      readonly duplicate: boolean
      readonly tookMs: number
      readonly traceId: string
    }
  | {
      /** A delivery failed; it is tried again in `retryInMs`, or is dead if that is `undefined`. */
      readonly fact: 'undelivered'
      readonly service: string
      readonly edge: string
      readonly event: string
      readonly id: string
      readonly key: string
      readonly attempts: number
      readonly retryInMs: number | undefined
      readonly error: string
    }
  | {
      readonly fact: 'lease'
      readonly service: string
      readonly name: string
      readonly change: 'acquired' | 'lost' | 'released'
    }
  | {
      /** Something failed that no caller sees; `error` is for the service's own log. */
      readonly fact: 'failed'
      readonly service: string
      readonly work: string
      readonly code: Code | undefined
      readonly error: unknown
      readonly traceId: string | undefined
    }

/** Receives every fact as it happens. Must not throw and must not wait. */
export type Observe = (fact: Fact) => void
