/**
 * The port through which everything that is not a pure function of its input must pass.
 *
 * Invariants:
 *   W1. `monotonicMs` never goes back; every duration is measured with it (T4 of the pitfalls).
 *   W2. `wallMs` may jump in both directions; nothing is ordered or timed by it.
 *   W3. A timer that was cancelled does not run.
 */
import type { Address, Listener, OutgoingRequest, WireHandler, WireResponse } from './wire.ts'

/** Two clocks: one to measure with, one to show to people. */
export interface Clock {
  /** Milliseconds since an arbitrary start; fractional; never goes back. */
  monotonicMs(): number
  /** Milliseconds since 1970 as this machine believes; may jump. */
  wallMs(): number
}

/** Work for later. */
export interface Timers {
  /** Runs `run` once after `delayMs` (at least 0). The result cancels it and may be called twice. */
  after(delayMs: number, run: () => void): () => void
  /**
   * Runs `run` when the process has received what arrived meanwhile. Only a world in which work keeps
   * others waiting, as in an event loop, has such turns.
   */
  readonly nextTurn?: (run: () => void) => void
}

/** Unpredictable numbers. Cryptographically strong in production, seeded in the simulation. */
export interface Random {
  /** A number in [0, 1) with 32 bits. */
  float(): number
  /** `length` (1 to 65,536) random bytes. */
  bytes(length: number): Uint8Array
  /** The same as lower-case digits, where the source has a faster way than to make bytes of them. */
  hex?(length: number): string
}

/** The transport below all policies: one request, one answer, no retry, no queue without bound. */
export interface Network {
  /**
   * Sends one request and reads the whole answer.
   *
   * @throws HF_CALL_NOT_SENT (effect none) if no byte of the request can have reached the callee.
   * @throws HF_CALL_LOST (effect unknown) if the connection broke, the signal aborted, or the answer
   *   exceeded `answerBytesMax`, after the request may have left.
   */
  send(origin: string, request: OutgoingRequest): Promise<WireResponse>
  /** @throws HF_PORT_IN_USE if somebody else listens on the address. */
  listen(address: Address, handler: WireHandler): Promise<Listener>
}

/** Time, timers, randomness and network of one process. */
export interface World {
  readonly clock: Clock
  readonly timers: Timers
  readonly random: Random
  readonly network: Network
}
