/**
 * The ways between processes, and what is wrong with them for a while: cut, slow, or led astray.
 *
 * Intuition: a way has a direction, `orders>payments`, since in a real network each of them fails by
 * itself. A cut way is a black hole: whoever sends learns nothing.
 *
 * Invariants:
 *   L1. Whatever is wrong with a way ends by itself, or when the world heals.
 *   L2. Two troubles of one kind on one way last as long as the longer of them.
 */
import type { Process } from './process.ts'
import type { Schedule } from './schedule.ts'

/** Where a name leads that should lead to a process: nowhere, or to somebody else. */
export type Astray = 'unknown' | Process

interface Trouble<What> {
  readonly what: What
  readonly untilUs: number
}

/** All ways of one world. */
export class Links {
  readonly #schedule: Schedule
  readonly #cut = new Map<string, Trouble<true>>()
  readonly #slow = new Map<string, Trouble<number>>()
  readonly #astray = new Map<string, Trouble<Astray>>()

  constructor(schedule: Schedule) {
    this.#schedule = schedule
  }

  /** Cuts the link between two processes, both ways. */
  cut(one: string, other: string, forMs: number): void {
    this.cutOneWay(one, other, forMs)
    this.cutOneWay(other, one, forMs)
  }

  /** Cuts the way from one process to another, but not the way back. */
  cutOneWay(from: string, to: string, forMs: number): void {
    this.#schedule.note(`${from}>${to}`, 'partition', `${forMs.toFixed(0)} ms`)
    this.#trouble(this.#cut, `${from}>${to}`, { what: true, forMs })
  }

  /** True while no message passes from the one to the other. */
  isCut(from: string, to: string): boolean {
    return this.#now(this.#cut, `${from}>${to}`) !== undefined
  }

  /** Makes each message between two processes take so much longer. */
  slow(one: string, other: string, { moreMs, forMs }: { moreMs: number; forMs: number }): void {
    const words = `${moreMs.toFixed(0)} ms more for ${forMs.toFixed(0)} ms`
    this.#schedule.note(`${one}|${other}`, 'slow', words)
    for (const way of [`${one}>${other}`, `${other}>${one}`]) {
      this.#trouble(this.#slow, way, { what: moreMs * 1_000, forMs })
    }
  }

  /** How much longer a message takes on this way now, in µs. */
  moreUs(from: string, to: string): number {
    return this.#now(this.#slow, `${from}>${to}`) ?? 0
  }

  /** Lets the name of `to` lead somewhere else, for whoever asks at `from`. */
  lead(from: string, to: string, { astray, forMs }: { astray: Astray; forMs: number }): void {
    const where = astray === 'unknown' ? 'nowhere' : `to ${astray.name}`
    this.#schedule.note(`${from}>${to}`, 'astray', `${where} for ${forMs.toFixed(0)} ms`)
    this.#trouble(this.#astray, `${from}>${to}`, { what: astray, forMs })
  }

  /** Where the name of `to` leads now, if not to `to`. */
  astray(from: string, to: string): Astray | undefined {
    return this.#now(this.#astray, `${from}>${to}`)
  }

  /** Mends every link, and leads every name back. */
  mend(): void {
    for (const troubles of [this.#cut, this.#slow, this.#astray]) troubles.clear()
  }

  #trouble<What>(
    troubles: Map<string, Trouble<What>>,
    way: string,
    { what, forMs }: { readonly what: What; readonly forMs: number },
  ): void {
    const untilUs = this.#schedule.nowUs + forMs * 1_000
    troubles.set(way, { what, untilUs: Math.max(untilUs, troubles.get(way)?.untilUs ?? 0) })
  }

  #now<What>(troubles: ReadonlyMap<string, Trouble<What>>, way: string): What | undefined {
    const trouble = troubles.get(way)
    return trouble !== undefined && trouble.untilUs > this.#schedule.nowUs
      ? trouble.what
      : undefined
  }
}
