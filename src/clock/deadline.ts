/**
 * A deadline: the moment, on this process's own monotonic clock, after which nobody waits any more.
 *
 * Intuition: what travels between processes is never a moment (their clocks differ) but how much is
 * left. Each hop turns the rest into a moment of its own, and hands less to the next.
 *
 * Invariants:
 *   D1. A derived deadline is never later than the one it came from.
 *   D2. The wall clock takes no part.
 *
 * Source: gRPC's relative deadlines; rejected: Finagle's absolute ones (ADR 0015).
 */
import type { Clock } from '#world'

/** An instant to give up at. Immutable. */
export class Deadline {
  /** The instant, by the monotonic clock of this process. */
  readonly atMs: number
  readonly #clock: Clock

  private constructor(clock: Clock, atMs: number) {
    this.#clock = clock
    this.atMs = atMs
  }

  /** The instant `ms` from now. */
  static in(clock: Clock, ms: number): Deadline {
    return new Deadline(clock, clock.monotonicMs() + ms)
  }

  /** The instant `atMs` of the clock. */
  static at(clock: Clock, atMs: number): Deadline {
    return new Deadline(clock, atMs)
  }

  /** Milliseconds left; 0 once it has passed. */
  remainingMs(): number {
    return Math.max(0, this.atMs - this.#clock.monotonicMs())
  }

  /** True once nobody waits any more. */
  hasPassed(): boolean {
    return this.remainingMs() <= 0
  }

  /** The earlier of this deadline less `marginMs`, and `ms` from now. */
  within(ms: number, marginMs = 0): Deadline {
    return new Deadline(this.#clock, Math.min(this.atMs - marginMs, this.#clock.monotonicMs() + ms))
  }
}
