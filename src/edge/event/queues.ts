/**
 * The port to a broker that keeps messages: what Holdfast needs of it, and nothing more.
 *
 * One queue holds one partition of one edge. Everything above it (order, poison, confirmation, what
 * counts as done) is Holdfast's own and the same for all brokers, so that an adapter has few ways to be
 * wrong.
 *
 * Invariants every adapter keeps (test/conformance/broker):
 *   M1. `put` resolves only once the broker keeps the parcel.
 *   M2. Parcels of one queue are taken in the order in which they were kept, each after the one before it
 *       is `done`.
 *   M3. A parcel that was taken and is not `done` is taken again.
 */
import type { BrokerPromises, EventEdge } from '#model'
import type { Partition } from './queue.ts'

/** What is put into a queue as one: one message, or several that take effect together. */
export interface Parcel {
  /** A second parcel with this id may be swallowed by the broker, and need not be. */
  readonly id: string
  /** The media type of `body`. */
  readonly type: string
  readonly body: Uint8Array
  /** Where the sender waits for the consumer's answer; absent where it does not. */
  readonly answerTo?: string
}

/** A parcel in the hands of its consumer. */
export interface Taken extends Omit<Parcel, 'id'> {
  /** How often it was taken before. */
  readonly returns: number
  /** Says that it still works on it, so that nobody else takes it. Cheap. */
  keep(): void
  /** Takes it out of its queue; resolves once the broker knows. */
  done(): Promise<void>
  /** Puts it back to where it was, to be taken again after `delayMs`. */
  again(delayMs: number): void
}

/** Queues of a broker. */
export interface Queues {
  readonly promises: BrokerPromises
  /**
   * Connects, and makes or verifies the queues of these edges.
   *
   * @throws HF_BROKER_UNAVAILABLE, HF_BROKER_UNFIT (effect none)
   */
  open(edges: readonly EventEdge[]): Promise<void>
  /** @throws HF_BROKER_UNAVAILABLE, HF_BROKER_FULL, HF_BODY_TOO_LARGE */
  put(queue: Partition, parcel: Parcel, timeoutMs: number): Promise<void>
  /** The next parcel; `undefined` if none came within `waitMs` or the signal aborted. */
  take(queue: Partition, waitMs: number, signal: AbortSignal): Promise<Taken | undefined>
  /** The address under which this process is answered; what comes is given to `hear` with its ticket. */
  listen(hear: (ticket: string, body: Uint8Array) => void): string
  /** Sends an answer to `<address>.<ticket>`. It may be lost. */
  answer(answerTo: string, body: Uint8Array): void
  close(): Promise<void>
}
