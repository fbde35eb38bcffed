/**
 * The trace of one run: everything that happened, in order, and its hash.
 *
 * The hash is what two runs of one seed are compared by, so it takes in every line, kept or not.
 *
 * Invariants:
 *   L1. Two runs with the same lines have the same hash; a hash covers the order, too.
 */
import { mix } from './chance.ts'

/** Lines that one run keeps at most; a run of a few seconds writes some thousand. */
const LINES_MAX = 200_000

/** One thing that happened. */
export interface Step {
  readonly atUs: number
  /** A process such as `orders#2`, an edge's request `orders>payments#4`, or `*` for the world itself. */
  readonly who: string
  readonly kind: string
  readonly detail: string
}

/** One line for each thing that happened. */
export class Trace {
  readonly #kept: Step[] | undefined
  #low = 0x811c9dc5
  #high = 0x9747b28c
  #count = 0

  constructor({ keeps }: { readonly keeps: boolean }) {
    this.#kept = keeps ? [] : undefined
  }

  /** Takes in one line. `who` is a process such as `orders#2`, an edge, or `*` for the world itself. */
  add(atUs: number, who: string, kind: string, detail: string): void {
    this.#count += 1
    this.#absorb(`${atUs} ${who} ${kind} ${detail}`)
    if (this.#kept !== undefined && this.#kept.length < LINES_MAX) {
      this.#kept.push({ atUs, who, kind, detail })
    }
  }

  /** The lines in fixed columns (ms, who, what, detail), if they are kept. */
  get lines(): readonly string[] | undefined {
    return this.#kept?.map(lineOf)
  }

  /** The same as values. */
  get steps(): readonly Step[] | undefined {
    return this.#kept
  }

  /** 64 bits over all lines, as hexadecimal digits. */
  get hash(): string {
    return digits(this.#low) + digits(this.#high ^ this.#count)
  }

  #absorb(line: string): void {
    let low = this.#low
    let high = this.#high
    for (let index = 0; index < line.length; index += 1) {
      const code = line.charCodeAt(index)
      low = Math.imul(low ^ code, 0x01000193)
      high = Math.imul(high ^ code, 0x5bd1e995)
      high ^= high >>> 15
    }
    this.#low = low
    this.#high = high
  }
}

function lineOf({ atUs, who, kind, detail }: Step): string {
  const time = (atUs / 1000).toFixed(3).padStart(12)
  return `${time}  ${who.padEnd(20)} ${kind.padEnd(10)} ${detail}`
}

function digits(part: number): string {
  return mix(part).toString(16).padStart(8, '0')
}
