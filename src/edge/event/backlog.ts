/**
 * The backlog of an edge: how much waits for its subscriber, and what an emitter does when that is too
 * much.
 *
 * Intuition: an outbox without a bound turns the outage of a subscriber into the outage of the emitter,
 * on the day on which its disk is full. With one, the emitter says no while it still can, or lets the
 * subscriber miss events, if the contract says that this does less harm.
 *
 * Asking the database at each emission would cost most when the backlog is longest. So the relay of
 * each process measures once in a while, and the process counts on from there: what it commits, and
 * what it delivers. The bound is exceeded by at most what its transactions under way emit, and what
 * other processes emit between two measurements.
 *
 * Invariants:
 *   L1. An event is refused or shed only if what was measured, what this process has committed since and
 *       what the transaction itself emits reach the bound that the contract declares.
 *   L2. Measuring takes at most a twentieth of the time.
 */
import { Deadline } from '#clock'
import type { Contract, Event, EventEdge } from '#model'
import type { Database } from '#state'
import type { Clock } from '#world'
import { PARTITIONS } from './partition.ts'

/** What waits for one subscriber. */
export interface Backlog {
  readonly edge: string
  /** As measured, and counted on by this process. */
  readonly events: number
  /** Age of the oldest that is neither dead nor for later, in ms. */
  readonly oldestMs: number
}

/** Between two measurements, in ms, if they are fast. */
const EVERY_MS_MIN = 1_000

/** How many times longer than a measurement the pause after it is. */
const PAUSES = 20

/** Measures the backlogs of a service's edges. */
export class Gauge {
  readonly #database: Database
  readonly #clock: Clock
  readonly #edges: readonly string[]
  readonly #countMax: number
  #pause: Deadline

  constructor(
    { database, clock }: { readonly database: Database; readonly clock: Clock },
    edges: readonly EventEdge[],
    contract: Contract,
  ) {
    this.#database = database
    this.#clock = clock
    this.#edges = edges.map(({ name }) => name)
    this.#countMax = Math.max(0, ...eventsOf(contract).map(({ backlog }) => backlog.eventsMax))
    this.#pause = Deadline.in(clock, 0)
  }

  /** Measures, unless that was done a moment ago. */
  async read(): Promise<void> {
    if (this.#edges.length === 0 || !this.#pause.hasPassed()) return
    const startedMs = this.#clock.monotonicMs()
    const { rows } = await this.#database.query<Backlog>(MEASURE, [
      this.#edges,
      this.#countMax,
      PARTITIONS,
    ])
    measured.set(this.#database, new Map(rows.map((row) => [row.edge, row])))
    const tookMs = this.#clock.monotonicMs() - startedMs
    this.#pause = Deadline.in(this.#clock, Math.max(EVERY_MS_MIN, PAUSES * tookMs))
  }
}

/** Counts on: events that this process committed, or, below zero, delivered. */
export function countOn(database: Database, edge: string, change: number): void {
  const backlogs = measured.get(database)
  const known = backlogs?.get(edge)
  if (known !== undefined)
    backlogs?.set(edge, { ...known, events: Math.max(0, known.events + change) })
}

/** What was measured last, and counted on from there; `undefined` if nothing was. */
export function backlogOf(database: Database, edge: string): Backlog | undefined {
  return measured.get(database)?.get(edge)
}

// The emitters and the relay of a process share its database, and so what was measured in it.
const measured = new WeakMap<Database, Map<string, Backlog>>()

function eventsOf(contract: Contract): readonly Event[] {
  return Object.values(contract['~contract'].operations).filter((each) => each.kind === 'event')
}

const MEASURE = `
  select edge,
    (select count(*)::int from (
       select 1 from hf.outbox where outbox.edge = held.edge limit $2) as counted) as events,
    coalesce((select max(extract(epoch from clock_timestamp() - at) * 1000)
      from generate_series(0, $3::int - 1) as each(part) cross join lateral (
        select at from hf.outbox
        where outbox.edge = held.edge and outbox.part = each.part
          and (due_at is null or due_at = '-infinity' or (error is not null and due_at < 'infinity'))
        order by seq limit 1) as oldest), 0)::float8 as "oldestMs"
  from unnest($1::text[]) as held(edge)`
