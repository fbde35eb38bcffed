/**
 * How much the other end may still send: the receiving half of flow control.
 *
 * Invariants:
 *   I1. More than the window is never under way and unwanted; who sends more is at fault.
 *   I2. What is granted anew was wanted before, so that what is kept never exceeds the window.
 *   I3. Half a window is granted at a time: a call that fits into a frame costs no frame of its own.
 */
import { refuse } from './frame.ts'

/** One window. */
export class Intake {
  readonly #window: number
  readonly #grant: (bytes: number) => void
  /** Received and not granted anew; of these, those that are wanted. */
  #openBytes = 0
  #wantedBytes = 0

  constructor(window: number, grant: (bytes: number) => void) {
    this.#window = window
    this.#grant = grant
  }

  /** Bytes came. @throws SessionFault past the window */
  received(bytes: number): void {
    this.#openBytes += bytes
    if (this.#openBytes > this.#window)
      refuse(`${this.#openBytes} bytes are under way, the window is ${this.#window}`)
  }

  /** Somebody wants so many of them, or they were thrown away. */
  wanted(bytes: number): void {
    this.#wantedBytes += bytes
    if (this.#wantedBytes * 2 < this.#window) return
    this.#openBytes -= this.#wantedBytes
    this.#grant(this.#wantedBytes)
    this.#wantedBytes = 0
  }
}
