/**
 * A database server as an actor: its own clock, no timers, no network.
 *
 * PostgreSQL reads the clock through the patched globals, so `now()` is virtual. Some of its code
 * waits by reading the clock until it has moved (`pg_sleep`); on a clock that stands still it would
 * never end, so after some readings within one statement each further one takes a little time.
 *
 * Invariants:
 *   K1. Within one statement the clock stands still for the first `READINGS_FREE` readings.
 */
import type { World } from '#world'
import { never, type Actor } from '../actor.ts'
import { Stream } from '../chance.ts'
import { type ClockError, EPOCH_MS } from '../process.ts'

/** Readings of the clock that take no time. A busy statement needs about ten. */
const READINGS_FREE = 64

/** What each further reading takes, in µs. */
const READING_US = 500

/** A database server, for the patched globals. */
export class DatabaseActor implements Actor {
  readonly name: string
  readonly isDead = false
  readonly pausedUntilUs = 0
  readonly busyUntilUs = 0
  readonly world: World
  readonly #time: { readonly nowUs: number }
  readonly #clockError: ClockError
  #readings = 0
  #sleptUs = 0
  #atUs: number | undefined

  constructor(
    name: string,
    seed: number,
    time: { readonly nowUs: number },
    clockError: ClockError = { offsetMs: 0, driftPpm: 0 },
  ) {
    this.name = name
    this.#time = time
    this.#clockError = clockError
    this.world = {
      clock: {
        monotonicMs: () => this.#readUs() / 1000,
        wallMs: () => EPOCH_MS + this.#clockError.offsetMs + this.#readUs() / 1000,
      },
      // PostgreSQL's timers interrupt a session; ours is never left running, so they have no use.
      timers: { after: () => () => {} },
      random: new Stream(seed, name),
      network: { send: never, listen: never },
    }
  }

  /** A statement begins; it sees the present time, or the time `atUs`. */
  begin(atUs?: number): void {
    this.#atUs = atUs
    this.#readings = 0
    this.#sleptUs = 0
  }

  /** How long the last statement kept itself busy, in µs. */
  get sleptUs(): number {
    return this.#sleptUs
  }

  failed(error: unknown): void {
    throw error
  }

  escaped(): void {}

  #readUs(): number {
    this.#readings += 1
    if (this.#readings > READINGS_FREE) this.#sleptUs += READING_US
    return (this.#atUs ?? this.#time.nowUs) + this.#sleptUs
  }
}
