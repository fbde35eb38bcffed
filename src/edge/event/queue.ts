/**
 * The outbox as a queue: what is due in a partition, what was delivered, what must wait.
 *
 * Intuition: a row is in the queue until it is deleted, so nothing can be run past. A cursor over
 * `seq` would skip every row whose transaction drew its number early and committed late.
 *
 * A row with `due_at` null waits for its turn; with a moment, for that moment; with 'infinity', for an
 * operator: it is dead. With '-infinity' it was redriven: its moment has come, and it is found by that and
 * not by its place, which may be below the low-water mark. `error` is set exactly on the rows that failed
 * and were not redriven.
 *
 * Invariants:
 *   Q1. Rows leave the queue by `remove` only.
 *   Q2. Of a key whose message failed or was redriven, no other message is given until that one was
 *       delivered: not while it waits, not when it is due in the same batch but beyond its limit, and
 *       not when it is dead, unless its subscriber declared that its dead letters are skipped.
 *   Q3. Messages without a key block nobody.
 *   Q4. Only the database's clock decides what is due.
 *
 * The keys that are blocked are compared as an array and not by an anti-join, for which the planner
 * would sort the whole backlog at each poll.
 */
import type { Database } from '#state'
import type { Head } from './outbox.ts'

/** One of the queues of an edge, in which order is kept per key. */
export interface Partition {
  readonly edge: string
  readonly part: number
}

/** Some of the queues of an edge. */
export interface Partitions {
  readonly edge: string
  readonly parts: readonly number[]
}

/** A row that is due. */
export interface Queued {
  readonly part: number
  readonly seq: string
  readonly id: string
  readonly key: string
  readonly body: unknown
  readonly head: Head
  /** Size of the body, as JSON. */
  readonly bytes: number
  /** Tries that failed so far. */
  readonly attempts: number
  /** Time since it was written, or was to be delivered first, in ms, when it was read. */
  readonly ageMs: number
}

/** A row that failed. `delayMs` undefined: it is dead, and waits for an operator. */
export interface Failure {
  readonly part: number
  readonly seq: string
  readonly error: string
  /** Counted failures from here on. */
  readonly attempts: number
  readonly delayMs: number | undefined
}

/** Where a partition's reading begins: no row without a date stands below, or will (`low-water.ts`). */
export type Marks = (partition: Partition) => string

const fromTheFront: Marks = () => '0'

/** Those of the partitions that may have something to send. Cheap: asked at each poll. */
export async function duePartitions(
  database: Database,
  among: readonly Partition[],
  markOf: Marks = fromTheFront,
): Promise<readonly Partition[]> {
  if (among.length === 0) return []
  const { rows } = await database.query<Partition>(DUE, [
    among.map((each) => each.edge),
    among.map((each) => each.part),
    among.map(markOf),
  ])
  return rows
}

/** What to read. */
export interface Reading {
  /** Messages of each partition, at most. */
  readonly limit: number
  /** Events whose dead letters hold up nobody. */
  readonly skips: readonly string[]
  /** What was delivered of the reading before, and is taken out. */
  readonly delivered: readonly Queued[]
  /** @defaultValue from the front */
  readonly markOf?: Marks
}

/**
 * Takes delivered messages out and reads the next ones, in the order of `seq`: one statement, because
 * round trips are most of what a message costs.
 */
export async function exchange(
  database: Database,
  { edge, parts }: Partitions,
  { limit, skips, delivered, markOf = fromTheFront }: Reading,
): Promise<readonly Queued[]> {
  const { rows } = await database.query<Queued>(delivered.length === 0 ? READ : EXCHANGE, [
    edge,
    parts,
    limit,
    skips,
    parts.map((part) => markOf({ edge, part })),
    ...(delivered.length === 0 ? [] : placesOf(delivered)),
  ])
  return rows
}

/** Takes delivered messages out. Idempotent, so it needs no fence. */
export async function remove(
  database: Database,
  edge: string,
  delivered: readonly Queued[],
): Promise<void> {
  if (delivered.length === 0) return
  await database.query(REMOVE, [edge, ...placesOf(delivered)])
}

function placesOf(messages: readonly Queued[]): readonly [readonly number[], readonly string[]] {
  return [messages.map(({ part }) => part), messages.map(({ seq }) => seq)]
}

/** Lets failed messages wait, or declares them dead. */
export async function postpone(
  database: Database,
  edge: string,
  failures: readonly Failure[],
): Promise<void> {
  if (failures.length === 0) return
  await database.query(POSTPONE, [
    edge,
    failures.map((each) => each.part),
    failures.map((each) => each.seq),
    failures.map((each) => each.error),
    failures.map((each) => each.delayMs ?? null),
    failures.map((each) => each.attempts),
  ])
}

// Two conditions, each with an index of its own; joined by `or` they would have none.
const DUE = `
  select edge, part from unnest($1::text[], $2::smallint[], $3::bigint[]) as held(edge, part, mark)
  where exists (select 1 from hf.outbox o
      where o.edge = held.edge and o.part = held.part and o.due_at is null and o.seq >= held.mark)
    or exists (select 1 from hf.outbox o
      where o.edge = held.edge and o.part = held.part and o.due_at <= clock_timestamp())`

const COLUMNS = `seq, id, key, body, octet_length(body::text) as bytes, head, attempts,
  (extract(epoch from clock_timestamp() -
    greatest(at, case when error is null then due_at end)) * 1000)::float8 as "ageMs"`

/** Bytes of payloads that one reading gives of a partition, and the message that goes beyond. */
const READ_BYTES_MAX = 2_097_152

/** What is due in one partition, but for the rows that a condition leaves out. */
const dueInPart = (condition: string): string => `
  with failed as materialized (
    select key, due_at > clock_timestamp() as waits from hf.outbox
    where edge = $1 and part = held.part and (error is not null or due_at = '-infinity') and key <> ''
      and due_at is not null ${condition}
      and not (due_at = 'infinity' and head ->> 'event' = any($4::text[])))
  select *, sum(bytes) over (order by seq) - bytes as ahead from (
    (select ${COLUMNS} from hf.outbox
      where edge = $1 and part = held.part and due_at is null and seq >= held.mark ${condition}
        and key <> all(array(select key from failed))
      order by seq limit $3)
    union all
    (select ${COLUMNS} from hf.outbox
      where edge = $1 and part = held.part and due_at <= clock_timestamp() ${condition}
        and key <> all(array(select key from failed where waits))
      order by due_at, seq limit $3)) as either
  order by either.seq limit $3`

const readUnder = (condition: string): string => `
  select part, seq::text, id, key, body, bytes, head, attempts, "ageMs"
  from unnest($2::smallint[], $5::bigint[]) as held(part, mark)
    cross join lateral (${dueInPart(condition)}) as due
  where ahead < ${READ_BYTES_MAX}
  order by due.seq`

const removeAt = (places: string): string => `
  delete from hf.outbox using ${places} as struck(part, seq)
  where outbox.edge = $1 and outbox.part = struck.part and outbox.seq = struck.seq`

const READ = readUnder('')

const REMOVE = removeAt('unnest($2::smallint[], $3::bigint[])')

// Both halves see the table as it was before: so the second must pass over what the first takes out.
const EXCHANGE = `
  with removed as (${removeAt('unnest($6::smallint[], $7::bigint[])')})
  ${readUnder('and seq <> all($7::bigint[])')}`

const POSTPONE = `
  update hf.outbox set
    attempts = failure.attempts,
    error = failure.error,
    due_at = case when failure.delay_ms is null then 'infinity'
      else clock_timestamp() + failure.delay_ms * interval '1 millisecond' end
  from unnest($2::smallint[], $3::bigint[], $4::text[], $5::float8[], $6::int[])
    as failure(part, seq, error, delay_ms, attempts)
  where outbox.edge = $1 and outbox.part = failure.part and outbox.seq = failure.seq`
