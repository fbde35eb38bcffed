/**
 * How long work waited in the present window, for each place where it can wait.
 *
 * The places are kept apart: a thousand requests that did not wait for the event loop must not hide
 * the ten that waited for a database connection.
 *
 * Invariants:
 *   W1. The answer is the greatest of the sources' medians over their last 64 delays; 0 without any.
 *   W2. Memory is fixed: 64 numbers for each source.
 */

/** Where work can wait before it is begun. */
export type DelaySource = 'loop' | 'queue' | 'database' | 'bulkhead'

const SAMPLES_MAX = 64

/** The delays of one window. */
export class RecentDelays {
  readonly #sources: Readonly<Record<DelaySource, Samples>> = {
    loop: new Samples(),
    queue: new Samples(),
    database: new Samples(),
    bulkhead: new Samples(),
  }

  /** Work waited so long at this place. */
  record(source: DelaySource, waitMs: number): void {
    this.#sources[source].add(waitMs)
  }

  /** The median wait, in ms, at the place where it is longest. */
  medianMs(): number {
    const { loop, queue, database, bulkhead } = this.#sources
    return Math.max(loop.median(), queue.median(), database.median(), bulkhead.median())
  }

  /** Begins a new window. */
  clear(): void {
    for (const samples of Object.values(this.#sources)) samples.clear()
  }
}

class Samples {
  readonly #ring = new Float64Array(SAMPLES_MAX)
  #seen = 0

  add(value: number): void {
    this.#ring[this.#seen % SAMPLES_MAX] = value
    this.#seen += 1
  }

  median(): number {
    const sorted = this.#ring.slice(0, Math.min(this.#seen, SAMPLES_MAX)).toSorted()
    return sorted[sorted.length >> 1] ?? 0
  }

  clear(): void {
    this.#seen = 0
  }
}
