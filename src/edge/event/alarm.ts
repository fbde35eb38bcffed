/**
 * A wait that can be cut short, where any number of alarms before it count as one.
 *
 * Invariants:
 *   M1. An alarm that is set while nobody waits ends the next wait at once: none is lost.
 *   M2. One waiter at a time.
 */
import { assert } from '#errors'
import type { Timers } from '#world'

/** A bell with a memory of one ring. */
export class Alarm {
  #isSet = false
  #ring: (() => void) | undefined

  /** Ends the present wait, or the next one. */
  set(): void {
    this.#isSet = true
    this.#ring?.()
  }

  /** Waits for the alarm, at most `delayMs`. */
  async wait(timers: Timers, delayMs: number): Promise<void> {
    assert(this.#ring === undefined, 'one waiter at a time')
    if (!this.#isSet) {
      await new Promise<void>((resolve) => {
        const cancel = timers.after(delayMs, resolve)
        this.#ring = () => {
          cancel()
          resolve()
        }
      })
    }
    this.#ring = undefined
    this.#isSet = false
  }
}
