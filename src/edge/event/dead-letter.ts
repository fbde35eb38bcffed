/**
 * Dead letters: messages that the relay gave up, with their reason, and their way back.
 *
 * They stay in the outbox, at their place in the order, and hold up the later messages of their key:
 * skipping one would let its successors act on a state that never was. Where that does no harm, the
 * subscriber says so (`dead: 'skip'`), or an operator, with a reason.
 *
 * Invariants:
 *   K1. A redrive changes no `seq`: what is redriven is delivered before whatever its key emitted after it.
 *   K2. What an operator does is written down in the same statement, with who did it and what it was
 *       done to; the payload of what was skipped is kept there.
 */
import type { Database } from '#state'

/** Which dead letters are meant. Without a field: all. */
export interface DeadFilter {
  /** `orders>inventory`. */
  readonly edge?: string
  readonly key?: string
  readonly id?: string
  /** What they failed with: `HF_HANDLER_FAILED`. */
  readonly code?: string
}

/** A message that was given up. */
export interface DeadLetter {
  readonly edge: string
  /** `orders.placed`. */
  readonly event: string
  readonly key: string
  readonly id: string
  readonly attempts: number
  /** A code and a detail, without secrets. */
  readonly error: string
  /** Time since it was emitted, in ms, by the database's clock. */
  readonly ageMs: number
}

/** Dead letters that one listing gives at most. */
const LISTED_MAX = 1_000

const DEAD = `due_at = 'infinity' and error is not null
  and ($1::text is null or edge = $1) and ($2::text is null or key = $2)
  and ($3::text is null or id = $3) and ($4::text is null or split_part(error, ':', 1) = $4)`

/** The dead letters of a service, oldest first, at most 1,000. */
export async function listDead(
  database: Database,
  filter: DeadFilter = {},
): Promise<readonly DeadLetter[]> {
  const { rows } = await database.query<DeadLetter>(
    `select edge, head ->> 'event' as event, key, id, attempts, error,
       (extract(epoch from clock_timestamp() - at) * 1000)::float8 as "ageMs"
     from hf.outbox where ${DEAD} order by seq limit ${LISTED_MAX}`,
    paramsOf(filter),
  )
  return rows
}

/** Dead letters of one event that failed with the same words, but for the numbers in them. */
export interface DeadCause {
  readonly edge: string
  readonly event: string
  /** The words, with `…` for each number. */
  readonly cause: string
  readonly letters: number
  readonly keys: number
  /** Age of the oldest, in ms, and its id. */
  readonly oldestMs: number
  readonly oldestId: string
}

/** Causes that one listing gives at most. */
const CAUSES_MAX = 100

/** Why letters of a service are dead: the cause of most of them first, at most 100. */
export async function deadCauses(
  database: Database,
  filter: DeadFilter = {},
): Promise<readonly DeadCause[]> {
  const { rows } = await database.query<DeadCause>(
    `select edge, head ->> 'event' as event, regexp_replace(error, '[0-9]+', '…', 'g') as cause,
       count(*)::int as letters, count(distinct key)::int as keys,
       (extract(epoch from clock_timestamp() - min(at)) * 1000)::float8 as "oldestMs",
       (array_agg(id order by seq))[1] as "oldestId"
     from hf.outbox where ${DEAD} group by 1, 2, 3 order by letters desc, min(seq) limit ${CAUSES_MAX}`,
    paramsOf(filter),
  )
  return rows
}

/** A dead letter with everything that is known of it. */
export interface DeadLetterWhole extends DeadLetter {
  readonly payload: unknown
  readonly emittedAt: string
  readonly traceparent: string
  /** Later messages of its key that wait for it. */
  readonly holdsUp: number
}

/** The dead letters with this id: one for each subscriber whose copy is dead. */
export async function showDead(
  database: Database,
  id: string,
  edge?: string,
): Promise<readonly DeadLetterWhole[]> {
  const { rows } = await database.query<DeadLetterWhole>(
    `select edge, head ->> 'event' as event, key, id, attempts, error,
       (extract(epoch from clock_timestamp() - at) * 1000)::float8 as "ageMs",
       body as payload, head ->> 'time' as "emittedAt", head ->> 'traceparent' as traceparent,
       (select count(*)::int from hf.outbox later where dead.key <> '' and later.edge = dead.edge
          and later.part = dead.part and later.key = dead.key and later.seq > dead.seq) as "holdsUp"
     from hf.outbox dead where ${DEAD}`,
    paramsOf(edge === undefined ? { id } : { id, edge }),
  )
  return rows
}

/** Who decided about a dead letter, and why. */
export interface Decision {
  readonly by: string
  readonly reason: string
}

/** A decision that was carried out, as it stands on record. */
export interface Decided extends Decision {
  readonly action: 'redrive' | 'skip'
  readonly edge: string
  readonly event: string
  readonly key: string
  readonly id: string
  /** ISO 8601, by the database's clock. */
  readonly at: string
}

/** Decisions that one listing gives at most. */
const DECISIONS_MAX = 1_000

/** What was decided about dead letters of a service, the latest first, at most 1,000. */
export async function deadDecisions(database: Database): Promise<readonly Decided[]> {
  const { rows } = await database.query<Decided>(
    `select substr(scope, 6) as edge, split_part(id, '/', 1) as id, to_json(at) #>> '{}' as at,
       kept ->> 'action' as action, kept ->> 'by' as by, kept ->> 'reason' as reason,
       kept ->> 'key' as key, kept ->> 'event' as event
     from (select scope, id, at, reply::jsonb as kept from hf.inbox
       where scope like 'dead:%' order by at desc limit ${DECISIONS_MAX}) as decided`,
  )
  return rows
}

/** Gives dead letters a new life, with all their attempts, and counts them. */
export async function redrive(
  database: Database,
  filter: DeadFilter = {},
  decision: Decision = { by: 'unknown', reason: '' },
): Promise<number> {
  return decided(database, filter, decision, {
    action: 'redrive',
    change: `update hf.outbox set due_at = '-infinity', attempts = 0, error = null`,
  })
}

/** Takes dead letters out of the outbox for good, so that their keys go on without them. */
export async function skip(
  database: Database,
  filter: DeadFilter,
  decision: Decision,
): Promise<number> {
  return decided(database, filter, decision, { action: 'skip', change: 'delete from hf.outbox' })
}

async function decided(
  database: Database,
  filter: DeadFilter,
  { by, reason }: Decision,
  { action, change }: { readonly action: string; readonly change: string },
): Promise<number> {
  const { rowCount } = await database.query(
    `with decided as (${change} where ${DEAD} returning edge, id, key, head, body)
     insert into hf.inbox (scope, id, state, reply)
     select 'dead:' || edge, id || '/' || nextval('hf.seq'), 'dead', jsonb_build_object(
       'action', $5::text, 'by', $6::text, 'reason', $7::text, 'key', key,
       'event', head ->> 'event', 'payload', body)::text
     from decided`,
    [...paramsOf(filter), action, by, reason],
  )
  return rowCount
}

function paramsOf({ edge, key, id, code }: DeadFilter): readonly unknown[] {
  return [edge ?? null, key ?? null, id ?? null, code ?? null]
}
