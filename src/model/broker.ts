/**
 * What a broker promises, as data: the map draws it on every event arrow, so that a weaker broker
 * visibly weakens the arrow.
 *
 * A promise is a number or a closed word where something can be computed with it, and a sentence
 * where only a person can judge.
 */
import { deepFreeze } from './freeze.ts'

/**
 * Who must have acknowledged an event before the outbox lets it go: the `broker` that keeps it, or, at
 * the other end, the consumer that committed its effect.
 */
export type Acknowledgement = 'broker' | 'end-to-end'

/** The promise table of one broker. */
export interface BrokerPromises {
  /** `HTTP push`, `NATS JetStream R3`. */
  readonly name: string
  /** Who acknowledges where the subscriber declares nothing. */
  readonly acknowledged: Acknowledgement
  /** What must happen before a message that was acknowledged is lost. */
  readonly durability: string
  /** In which order one edge's messages arrive. */
  readonly order: 'per key' | 'none'
  /** How long the broker itself recognizes a message that was sent twice, in ms; 0: never. */
  readonly dedupeMs: number
  /** The longest message with all its attributes, in bytes. */
  readonly messageBytesMax: number
  /** What it does not promise, one clause each. */
  readonly notPromised: readonly string[]
}

/** The broker that is none: the relay posts each message to its consumer. */
export const HTTP_PUSH: BrokerPromises = deepFreeze({
  name: 'HTTP push',
  acknowledged: 'end-to-end',
  durability: "the emitter's database is lost",
  order: 'per key',
  dedupeMs: 0,
  messageBytesMax: 1_048_576,
  notPromised: [
    'That it keeps anything: while the consumer is away, its events wait in the outbox.',
  ],
})
