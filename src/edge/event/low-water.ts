/**
 * The low-water mark of each partition: below it nothing is left, and nothing can come any more.
 *
 * Intuition: what was delivered stays in the index as a dead entry until the server may clear it away.
 * While a forgotten transaction forbids that, a reading from the front steps over everything that was
 * delivered since. A reading from the mark does not.
 *
 * A place `seq` is drawn before its row is committed, so the highest place that was seen says nothing about
 * those below it. But whoever draws one holds a lock on the outbox from before that until its transaction
 * has ended. So: note how far the sequence has got, then who holds that lock. Once all of these have ended,
 * every row up to there is visible or will never be.
 *
 * Invariants:
 *   W1. No row without a date (`due_at` null) stands below the mark of its partition, or will: the mark is
 *       at most the lowest such row, and at most how far the sequence had got when every writer that has
 *       ended since was still to be waited for. What is redriven has a date (`dead-letter.ts`).
 *   W2. The three looks are three statements in this order. In one, the rows would be those from before
 *       the writers had ended.
 *   W3. What nobody foresaw costs time and loses nothing: once in REVIEW_MS the lowest row is looked for
 *       from the front, and a sequence that went back, or a database that failed, forgets all marks.
 *
 * Rejected: the horizon of snapshots (`xmin`), which the forgotten transaction itself holds back, and in
 * which a transaction without an id, which may have drawn its place, does not stand.
 *
 * A database with one session has no forgotten transactions, and is left alone.
 */
import { Deadline } from '#clock'
import type { Database } from '#state'
import type { Clock } from '#world'
import type { Partition } from './queue.ts'

/** Between two rises, in ms: what is delivered meanwhile is stepped over, which takes about 1 ms. */
const RISE_MS = 250

/** Between two looks from the front, in ms, if they are fast. */
const REVIEW_MS = 60_000

/** How many times longer than a look from the front the pause after it is. */
const PAUSES = 20

/** How far the sequence had got, and the transactions that could still write below. */
interface Reached {
  readonly seq: bigint
  readonly writers: ReadonlySet<string>
}

/** The marks of the partitions of one service. */
export class LowWater {
  readonly #database: Database
  readonly #clock: Clock
  #marks: ReadonlyMap<string, bigint> = new Map()
  #reached: Reached | undefined
  #pause: Deadline
  #review: Deadline

  constructor(database: Database, clock: Clock) {
    this.#database = database
    this.#clock = clock
    this.#pause = Deadline.in(clock, 0)
    this.#review = Deadline.in(clock, REVIEW_MS)
  }

  /** The lowest `seq` of a partition that need be looked at. */
  of(partition: Partition): string {
    return String(this.#marks.get(nameOf(partition)) ?? 0n)
  }

  /** Reads from the front again. */
  forget(): void {
    this.#marks = new Map()
    this.#reached = undefined
  }

  /** Raises the marks of these partitions, unless that was done a moment ago. */
  async rise(partitions: readonly Partition[]): Promise<void> {
    if (this.#database.exclusive || !this.#pause.hasPassed()) return
    this.#pause = Deadline.in(this.#clock, RISE_MS)
    const now = { seq: await this.#sequence(), writers: await this.#writers() }
    if (this.#reached !== undefined && now.seq < this.#reached.seq) this.forget()
    const before = this.#reached
    if (before !== undefined && mayWrite(before, now)) return
    this.#reached = now
    const settled = now.writers.size === 0 ? now : before
    if (settled !== undefined) await this.#raise(partitions, settled.seq)
  }

  async #sequence(): Promise<bigint> {
    const { rows } = await this.#database.query<{ seq: string }>(
      'select last_value::text as seq from hf.seq',
    )
    return BigInt(rows[0]?.seq ?? 0)
  }

  async #writers(): Promise<ReadonlySet<string>> {
    const { rows } = await this.#database.query<{ writer: string }>(WRITERS)
    return new Set(rows.map(({ writer }) => writer))
  }

  async #raise(partitions: readonly Partition[], settled: bigint): Promise<void> {
    const reached = this.#reached
    const isReview = this.#review.hasPassed()
    // Before, so that one that takes too long is not tried again at once.
    if (isReview) this.#review = Deadline.in(this.#clock, REVIEW_MS)
    const startedMs = this.#clock.monotonicMs()
    const { rows } = await this.#database.query<Partition & { lowest: string | null }>(LOWEST, [
      partitions.map(({ edge }) => edge),
      partitions.map(({ part }) => part),
      partitions.map((each) => (isReview ? '0' : this.of(each))),
    ])
    const tookMs = this.#clock.monotonicMs() - startedMs
    if (isReview) this.#review = Deadline.in(this.#clock, Math.max(REVIEW_MS, PAUSES * tookMs))
    // They were forgotten meanwhile.
    if (this.#reached !== reached) return
    this.#marks = new Map(
      rows.map((row) => [nameOf(row), lower(settled, BigInt(row.lowest ?? settled))]),
    )
  }
}

/** True if one of those who could write below `before.seq` has not ended. */
function mayWrite(before: Reached, { writers }: Reached): boolean {
  return writers.has(PREPARED) || [...before.writers].some((each) => writers.has(each))
}

function lower(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}

function nameOf({ edge, part }: Partition): string {
  return `${edge}:${part}`
}

/** Stands for all prepared transactions, whose earlier names nobody knows any more. */
const PREPARED = 'prepared'

// An INSERT takes this lock before it draws its place, and keeps it until what it wrote is visible.
const WRITERS = `
  select distinct case when pid is null then '${PREPARED}' else virtualtransaction end as writer
  from pg_locks
  where locktype = 'relation' and mode = 'RowExclusiveLock' and granted
    and relation = 'hf.outbox'::regclass
    and database = (select oid from pg_database where datname = current_database())`

const LOWEST = `
  select edge, part, (select seq from hf.outbox o
    where o.edge = held.edge and o.part = held.part and o.due_at is null and o.seq >= held.mark
    order by seq limit 1)::text as lowest
  from unnest($1::text[], $2::smallint[], $3::bigint[]) as held(edge, part, mark)`
