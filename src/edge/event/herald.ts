/**
 * Word to the relays of the other processes: something was written that this process may not carry.
 *
 * Intuition: whoever emits wakes the relay of its own process. If another process holds the lease of the
 * partition, its relay would find the row at its next look, up to a second later. So it is told; but not
 * by each transaction: a NOTIFY inside one makes the commits of the whole cluster queue (ADR 0018). One
 * statement of its own speaks for all that was committed in a moment.
 *
 * Invariants:
 *   H1. At most one notice every EVERY_MS, and none while this process holds all partitions.
 *   H2. A notice that is lost costs one poll interval, and nothing else.
 */
import type { Database } from '#state'
import type { Timers } from '#world'

/** For so long, word is gathered, in ms: far below a poll interval, far above a commit. */
const EVERY_MS = 20

const CHANNEL = 'hf_outbox'

/** Tells, and hears, of one service's outbox. */
export class Herald {
  readonly #database: Database
  readonly #timers: Timers
  #cancel: (() => void) | undefined
  #deafen: (() => void) | undefined

  constructor(database: Database, timers: Timers) {
    this.#database = database
    this.#timers = timers
  }

  /** Calls `heard` for each notice, also for those of this process. Until `stop`. */
  hear(heard: () => void): void {
    this.#deafen = this.#database.hear?.(CHANNEL, heard)
  }

  /** Lets the others know, soon. */
  tell(): void {
    if (this.#deafen === undefined) return
    this.#cancel ??= this.#timers.after(EVERY_MS, () => {
      this.#cancel = undefined
      // A database that cannot take it has louder trouble, which the relay's own looks will meet.
      this.#database.query(NOTIFY).catch(() => undefined)
    })
  }

  /** Says and hears nothing more. */
  stop(): void {
    this.#cancel?.()
    this.#deafen?.()
    this.#deafen = undefined
  }
}

const NOTIFY = `select pg_notify('${CHANNEL}', '')`
