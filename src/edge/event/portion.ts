/**
 * How many messages are sent as one: many while that goes well and fast, few after a failure.
 *
 * Intuition: one transaction for a hundred events costs the consumer little more than one for a single
 * event. But it holds its locks for as long as all of them take, and fails if one of them does.
 *
 * Invariants:
 *   N1. 1 ≤ size ≤ SIZE_MAX.
 *   N2. A failure or a slow success halves the size; a fast success doubles it.
 *
 * Source: multiplicative decrease of TCP; the increase is multiplicative too, because a portion that
 * was too large costs one rollback and no more.
 */

/** Messages of one portion: the gain of a larger one is below the noise of the measurement. */
const SIZE_MAX = 100

/** Beyond this, a portion holds its consumer's locks for too long, in ms. */
const TOOK_MS_MAX = 500

/** Bytes of the payloads of one portion: with all attributes well below the consumer's limit of 1 MiB. */
export const PORTION_BYTES_MAX = 262_144

/** The size of the next portion of one partition. */
export class Portion {
  #size = SIZE_MAX

  get size(): number {
    return this.#size
  }

  /** All of it was acknowledged after `tookMs`. */
  succeeded(tookMs: number): void {
    if (tookMs > TOOK_MS_MAX) this.#halve()
    else this.#size = Math.min(SIZE_MAX, this.#size * 2)
  }

  /** It was not acknowledged. */
  failed(): void {
    this.#halve()
  }

  #halve(): void {
    this.#size = Math.max(1, Math.floor(this.#size / 2))
  }
}
