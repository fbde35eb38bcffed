/**
 * The gate of a service: open until it drains, and then shut until the last one has left.
 *
 * Invariants:
 *   G1. Nothing begins after `drain` was called.
 *   G2. `drain` resolves when what had begun has ended, at the latest when the longest deadline that
 *       was accepted has passed: past it nobody waits for an answer.
 */
import { Deadline } from '#clock'
import { HoldfastError } from '#errors'
import type { World } from '#world'

/** Counts who is inside. */
export class Gate {
  readonly #world: World
  #isOpen = true
  #inside = 0
  #longest: Deadline
  #empty: (() => void) | undefined

  constructor(world: World) {
    this.#world = world
    this.#longest = Deadline.in(world.clock, 0)
  }

  /** How many are inside. */
  get inside(): number {
    return this.#inside
  }

  /**
   * Lets one in; the result lets it out, once.
   *
   * @throws HF_DRAINING (effect none) once the gate is shut.
   */
  enter(): () => void {
    if (!this.#isOpen) {
      throw new HoldfastError('HF_DRAINING', {
        detail: `it takes no new work and waits for ${this.#inside} requests to end`,
        retryAfterMs: 1_000,
        advice: 'elsewhere',
      })
    }
    this.#inside += 1
    return () => {
      this.#inside -= 1
      if (this.#inside === 0) this.#empty?.()
    }
  }

  /** Notes a deadline that somebody inside was promised. */
  promise(deadline: Deadline): void {
    if (deadline.remainingMs() > this.#longest.remainingMs()) this.#longest = deadline
  }

  /** Shuts the gate and waits until nobody is inside, or nobody waits for them any more. */
  async drain(): Promise<void> {
    this.#isOpen = false
    if (this.#inside === 0) return
    await new Promise<void>((resolve) => {
      const cancel = this.#world.timers.after(this.#longest.remainingMs(), resolve)
      this.#empty = () => {
        cancel()
        resolve()
      }
    })
  }
}
