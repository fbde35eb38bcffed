/**
 * The port between the relay and whatever carries messages to a consumer.
 *
 * Invariants every broker keeps (test/conformance/broker):
 *   R1. `deliver` resolves only once the consumer committed the effect, or had committed it before.
 *   R2. It rejects within `timeoutMs`, and then says nothing about whether the effect was committed.
 */
import type { Message } from './message.ts'

/** Carries one message to the service `target`. */
export interface Broker {
  /** @throws HoldfastError of any code; the relay keeps the message and tries again. */
  deliver(target: string, message: Message, timeoutMs: number): Promise<void>
}
