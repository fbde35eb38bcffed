/**
 * The upkeep of the inbox: what is too old to come again is forgotten, a little at a time.
 *
 * Invariants:
 *   P1. No error ends it; the next round finds what this one left.
 *   P2. One statement at a time, each on a bounded number of rows, so that nobody waits for it.
 */
import { sleep } from '#world'
import type { Site } from '../site.ts'
import { forget } from './age.ts'

/** Between two rounds, in ms: 10 to 20 minutes, so that many processes do not clean up in step. */
const ROUND_MS_MIN = 600_000

/** Statements of one round: it must not become the main load of a database that was left alone. */
const STATEMENTS_MAX = 1_000

/** The upkeep of one service's database. */
export class Upkeep {
  readonly #site: Site
  readonly #fail: (error: unknown) => void
  readonly #end = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(site: Site, fail: (error: unknown) => void) {
    this.#site = site
    this.#fail = fail
  }

  /** Begins. Once. */
  start(): void {
    this.#running = this.#run()
  }

  /** Ends after the statement that runs. */
  async stop(): Promise<void> {
    this.#end.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { timers, random } = this.#site.world
    while (!this.#end.signal.aborted) {
      // oxlint-disable-next-line no-await-in-loop -- rounds follow one another.
      await sleep(timers, ROUND_MS_MIN * (1 + random.float()), this.#end.signal).catch(() => {})
      // oxlint-disable-next-line no-await-in-loop -- rounds follow one another.
      await this.#round().catch(this.#fail)
    }
  }

  async #round(): Promise<void> {
    let forgotten = 1
    for (let count = 0; count < STATEMENTS_MAX && forgotten > 0; count += 1) {
      if (this.#end.signal.aborted) return
      // oxlint-disable-next-line no-await-in-loop -- one statement at a time (P2).
      forgotten = await forget(this.#site.database)
    }
  }
}
