/**
 * The door through which the clients' operations go out: it counts them, and may close behind the nth.
 *
 * A failing run is easier to read without what nobody needed. Clients who are stopped behind their nth
 * operation are as clients who left: their next one never begins, and the load is over once those that
 * began have ended.
 *
 * Invariants:
 *   T1. At most `operationsMax` operations begin.
 *   T2. `isClosed` is true only if somebody was stopped and no operation is under way.
 */
import { never } from '../actor.ts'

/** Counts operations, and stops whoever wants to begin one too many. */
export class Turnstile {
  readonly #max: number
  #count = 0
  #underWay = 0
  #hasStopped = false

  constructor(operationsMax: number) {
    this.#max = operationsMax
  }

  /** Operations that began. */
  get count(): number {
    return this.#count
  }

  /** True once nothing of the load will happen any more. */
  get isClosed(): boolean {
    return this.#hasStopped && this.#underWay === 0
  }

  /** Runs one operation; whoever is stopped waits for ever. */
  async pass<T>(operation: () => Promise<T>): Promise<T> {
    if (this.#count >= this.#max) {
      this.#hasStopped = true
      return never()
    }
    this.#count += 1
    this.#underWay += 1
    try {
      return await operation()
    } finally {
      this.#underWay -= 1
    }
  }
}
