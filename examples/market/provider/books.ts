/**
 * The provider's books: what it did under each key, and how often it was asked.
 *
 * They only grow, because they are the evidence: a day of the demonstration is some 30 MB.
 *
 * Invariants:
 *   K1. A line is safe before it is remembered, and so before anybody is told of it.
 *   K2. What is read back from the lines is what was remembered: a crash forgets nothing.
 */

/** One charge, or the refusal of one. */
export interface Charge {
  readonly chargeId: string
  readonly orderId: string
  readonly cents: number
  readonly status: 'charged' | 'declined'
}

/** Somebody asked under this key, and what was done about it, if anything. */
export interface Line {
  readonly key: string
  readonly charge?: Charge
}

/** What `GET /charges` lists. */
export interface Listed extends Charge {
  readonly key: string
  /** How often the key was asked for: more than once is normal, two charges of one order are not. */
  readonly requests: number
}

export class Books {
  readonly #charges = new Map<string, Charge>()
  readonly #requests = new Map<string, number>()
  readonly #append: (line: Line) => void

  /** Opens books with what was written `before`. `append` must return only when the line is safe. */
  constructor(before: Iterable<Line>, append: (line: Line) => void) {
    for (const line of before) this.#remember(line)
    this.#append = append
  }

  /** What was done under the key. */
  find(key: string): Charge | undefined {
    return this.#charges.get(key)
  }

  write(line: Line): void {
    this.#append(line)
    this.#remember(line)
  }

  list(): Listed[] {
    return Array.from(this.#charges, ([key, charge]) => {
      return { ...charge, key, requests: this.#requests.get(key) ?? 0 }
    })
  }

  #remember({ key, charge }: Line): void {
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1)
    if (charge !== undefined) this.#charges.set(key, charge)
  }
}
