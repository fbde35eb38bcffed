/**
 * The port between the relay and whatever carries messages to a consumer.
 *
 * Two kinds stand behind it. One reaches the consumer itself (`push.ts`), and its word is the
 * consumer's. The other keeps messages in queues of its own (`queued-broker.ts`): it says at once that
 * it took one, and hands it to the consumer later.
 *
 * Invariants every broker keeps (test/conformance/broker):
 *   R1. It resolves only once the consumer committed every effect, or had committed it before. Where the
 *       edge may be acknowledged by the broker and the broker keeps messages: once it keeps them.
 *   R2. It rejects within `timeoutMs`, and then says nothing about whether an effect was committed.
 *   R3. Messages that are carried together take effect in their order.
 */
import type { BrokerPromises } from '#model'
import type { WireHandler } from '#world'
import type { Site } from '../site.ts'
import type { Message } from './message.ts'

/** Carries messages to the service `target`. */
export interface Broker {
  /** What it promises; the map draws it. */
  readonly promises: BrokerPromises
  /** @throws HoldfastError of any code; the relay keeps the message and tries again. */
  deliver(target: string, message: Message, timeoutMs: number): Promise<void>
  /**
   * Carries several messages of one edge as one; absent where the broker cannot. The relay then
   * sends them one by one, and does the same to find out which of them failed.
   */
  deliverAll?(target: string, messages: readonly Message[], timeoutMs: number): Promise<void>
  /** Where what others sent comes in; absent where senders reach the service themselves. */
  readonly intake?: Intake
}

/** The other end of a broker that keeps messages: hands this service what is meant for it. */
export interface Intake {
  /**
   * Connects, and hands every message over as a request to the service's inbox. Once.
   *
   * @throws HF_BROKER_UNAVAILABLE, HF_BROKER_UNFIT (effect none)
   */
  start(inbox: WireHandler): Promise<void>
  /** Takes nothing more; resolves when what was handed over is finished. Sending goes on. */
  stop(): Promise<void>
  /** Disconnects. */
  close(): Promise<void>
}

/** Makes the broker of one service. */
export type BrokerOf = (site: Site) => Broker
