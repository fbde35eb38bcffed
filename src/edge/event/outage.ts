/**
 * The outage of a consumer, as the relay sees it: how long to leave the edge alone.
 *
 * Invariants:
 *   A1. Failures that were in the air together count once: the pause grows with time, not with load.
 *   A2. One delivery ends it.
 */
import { Deadline } from '#clock'
import type { Clock, Random } from '#world'
import { delayMs } from './retry.ts'

/** Whether one edge's consumer can be reached at the moment. */
export class Outage {
  readonly #clock: Clock
  readonly #random: Random
  #failures = 0
  #until: Deadline | undefined

  constructor(clock: Clock, random: Random) {
    this.#clock = clock
    this.#random = random
  }

  /** True while the edge should be left alone. */
  isOn(): boolean {
    return this.remainingMs() > 0
  }

  /** What is left of the pause, in ms. */
  remainingMs(): number {
    return this.#until?.remainingMs() ?? 0
  }

  /** The consumer could not be reached. */
  extend(failure: unknown): void {
    if (this.isOn()) return
    this.#until = Deadline.in(this.#clock, delayMs(failure, this.#failures, this.#random))
    this.#failures += 1
  }

  /** The consumer answered. */
  end(): void {
    this.#failures = 0
    this.#until = undefined
  }
}
