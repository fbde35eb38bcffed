/**
 * A budget: how many steps and how many bytes a search may take before it says "unknown".
 *
 * Intuition: deciding linearizability is NP-complete, so every correct checker can be made to run
 * for ever. Ours stops at a stated bound and names it. A search that ran out proves nothing, and
 * says so: it is never reported as good or as bad.
 *
 * Invariants:
 *   B1. Once a bound was hit it stays hit: `exhausted` never goes back to undefined.
 *   B2. Bytes are asked for before they are allocated.
 */

/** How much a check may cost. */
export interface Limits {
  /** Placements that may be tried. @defaultValue 20 000 000, some ten seconds */
  readonly stepsMax?: number
  /** Bytes that may be held for what was tried, as estimated. @defaultValue 512 MiB */
  readonly bytesMax?: number
}

const STEPS_MAX = 20_000_000
const BYTES_MAX = 512 * 1_024 * 1_024

/** Counts what a check spends. */
export class Budget {
  readonly stepsMax: number
  readonly bytesMax: number
  #steps = 0
  #bytes = 0
  #exhausted: 'steps' | 'bytes' | undefined

  constructor(limits: Limits = {}) {
    this.stepsMax = limits.stepsMax ?? STEPS_MAX
    this.bytesMax = limits.bytesMax ?? BYTES_MAX
  }

  /** Which bound was hit first; `undefined` while there is room. */
  get exhausted(): 'steps' | 'bytes' | undefined {
    return this.#exhausted
  }

  get steps(): number {
    return this.#steps
  }

  /** Pays for one step. On `false` the search must stop. */
  trySpendStep(): boolean {
    if (this.#exhausted !== undefined) return false
    if (this.#steps >= this.stepsMax) this.#exhausted = 'steps'
    else this.#steps++
    return this.#exhausted === undefined
  }

  /** Asks for memory. On `false` nothing may be allocated and the search must stop. */
  tryReserve(bytes: number): boolean {
    if (this.#exhausted !== undefined) return false
    if (this.#bytes + bytes > this.bytesMax) this.#exhausted = 'bytes'
    else this.#bytes += bytes
    return this.#exhausted === undefined
  }

  /** Gives memory back, when a search is over. */
  release(bytes: number): void {
    this.#bytes -= bytes
  }

  /** The bound that was hit, in words. */
  describe(): string {
    return this.#exhausted === 'bytes'
      ? `the search would need more than ${this.bytesMax} bytes (bytesMax)`
      : `no answer after ${this.stepsMax} steps (stepsMax)`
  }
}
