/**
 * The port between the relay and whatever carries messages to a consumer.
 *
 * Invariants every broker keeps (test/conformance/broker):
 *   R1. It resolves only once the consumer committed every effect, or had committed it before.
 *   R2. It rejects within `timeoutMs`, and then says nothing about whether an effect was committed.
 *   R3. Messages that are carried together take effect in their order.
 */
import type { Message } from './message.ts'

/** Carries messages to the service `target`. */
export interface Broker {
  /** @throws HoldfastError of any code; the relay keeps the message and tries again. */
  deliver(target: string, message: Message, timeoutMs: number): Promise<void>
  /**
   * Carries several messages of one edge as one; absent where the broker cannot. The relay then sends
   * them one by one, and does the same to find out which of them failed.
   */
  deliverAll?(target: string, messages: readonly Message[], timeoutMs: number): Promise<void>
}
