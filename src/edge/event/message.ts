/**
 * A message: one event on its way over one edge, as it stands in the outbox and on the wire.
 */

/** One event for one subscriber. */
export interface Message {
  /** Dedupe key at the consumer: the same on every try and on every edge. */
  readonly id: string
  /** `orders>inventory`. */
  readonly edge: string
  /** `orders.placed`. */
  readonly event: string
  /** Ordering key within the edge; '' if the event declares none. */
  readonly key: string
  readonly payload: unknown
  /** ISO 8601 moment of the emitting service's wall clock; for people, orders nothing. */
  readonly time: string
  readonly traceparent: string
  /** Hybrid stamp of the emission, as text; absent from what others emitted. */
  readonly stamp?: string
  /** Of the payload's shape. @defaultValue 1 */
  readonly version?: number
  /** 1 for the first try. */
  readonly attempt: number
}
