/**
 * Dead letters: messages that the relay gave up, with their reason, and their way back.
 *
 * They stay in the outbox, at their place in the order, and hold up the later messages of their key:
 * skipping one would let its successors act on a state that never was.
 *
 * Invariants:
 *   K1. A redrive changes no `seq`: what is redriven is delivered before whatever its key emitted after it.
 */
import type { Database } from '#state'

/** Which dead letters are meant. Without a field: all. */
export interface DeadFilter {
  /** `orders>inventory`. */
  readonly edge?: string
  readonly key?: string
  readonly id?: string
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
  and ($3::text is null or id = $3)`

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

/** Gives dead letters a new life, with all their attempts, and counts them. */
export async function redrive(database: Database, filter: DeadFilter = {}): Promise<number> {
  const { rowCount } = await database.query(
    `update hf.outbox set due_at = null, attempts = 0, error = null where ${DEAD}`,
    paramsOf(filter),
  )
  return rowCount
}

function paramsOf({ edge, key, id }: DeadFilter): readonly unknown[] {
  return [edge ?? null, key ?? null, id ?? null]
}
