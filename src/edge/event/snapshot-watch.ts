/**
 * Who keeps the server from clearing away what was delivered.
 *
 * Intuition: a queue in a table lives on its dead rows being cleared away. One transaction that stays
 * open forbids that for the whole database, and the relay gets slower by the minute with nothing in its
 * own doings that would explain it. So it says whose fault it is.
 *
 * Invariants:
 *   S1. One statement every LOOK_MS at most, and one report a minute.
 */
import { Deadline } from '#clock'
import { HoldfastError } from '#errors'
import type { Database } from '#state'
import type { Clock } from '#world'

/** Between two looks, in ms. */
const LOOK_MS = 10_000

/** Between two reports, in ms. */
const REPORT_MS = 60_000

/** A transaction that is open for so long was forgotten, or is no neighbour for a queue, in ms. */
const HELD_MS = 60_000

interface Holder {
  readonly pid: number
  readonly application: string
  readonly state: string
  readonly ageMs: number
}

/** Watches the transactions of one database. */
export class SnapshotWatch {
  readonly #database: Database
  readonly #clock: Clock
  #pause: Deadline
  #silence: Deadline

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
    this.#pause = Deadline.in(clock, LOOK_MS)
    this.#silence = Deadline.in(clock, 0)
  }

  /** Looks, unless that was done a moment ago. @throws HF_DB_SNAPSHOT_HELD (effect none) */
  async look(): Promise<void> {
    if (this.#database.exclusive || !this.#pause.hasPassed()) return
    this.#pause = Deadline.in(this.#clock, LOOK_MS)
    const { rows } = await this.#database.query<Holder>(OLDEST, [HELD_MS])
    const [holder] = rows
    if (holder === undefined || !this.#silence.hasPassed()) return
    this.#silence = Deadline.in(this.#clock, REPORT_MS)
    const { pid, application, state, ageMs } = holder
    throw new HoldfastError('HF_DB_SNAPSHOT_HELD', {
      detail: `process ${pid} (${application}, ${state}) has had a transaction open for ${Math.round(ageMs / 1_000)} s`,
      particulars: holder,
    })
  }
}

// What another user runs is hidden from a role without pg_read_all_stats; then nobody is named.
const OLDEST = `
  select pid, coalesce(nullif(application_name, ''), 'no name') as application, state,
    (extract(epoch from clock_timestamp() - xact_start) * 1000)::float8 as "ageMs"
  from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()
    and (backend_xmin is not null or backend_xid is not null)
    and xact_start < clock_timestamp() - $1::float8 * interval '1 millisecond'
    and backend_type = 'client backend'
  order by xact_start limit 1`
