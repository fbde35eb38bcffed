/**
 * How old a message may be: as old as the memory of its consumer, and not from the future.
 *
 * Intuition: the inbox forgets, or it would grow for ever. Once the row of a message is gone, a late
 * duplicate of it looks new. So whatever is old enough to have been forgotten is refused.
 *
 * Why that is sound: a message is emitted at E by its producer's clock, and consumed at A by the
 * consumer's, whose clocks differ by at most the drift D: A ≥ E − D. Its row is kept until A + W. A
 * message that comes after that is older than W − D by the consumer's clock, and refused.
 *
 * Invariants:
 *   G1. A message whose row may have been forgotten is not executed, if it says when it was emitted.
 *   G2. A row is forgotten only after INBOX_MS.
 */
import { hybridOf, readStamp } from '#clock'
import { HoldfastError } from '#errors'
import type { Database } from '#state'
import { momentOf } from '#world'
import type { Site } from '../site.ts'
import type { Envelope } from './envelope.ts'

/** How long the inbox remembers an event, in ms: longer than any outage that is not a catastrophe. */
const INBOX_MS = 7 * 86_400_000

/** By how much clocks may differ, in ms: more than the hybrid clock accepts. */
const DRIFT_MS = 120_000

/** Rows that one statement forgets. */
const FORGOTTEN_MAX = 1_000

/**
 * Takes note of when the message was emitted.
 *
 * @throws HF_CLOCK_SKEW, HF_EVENT_EXPIRED (effect none)
 */
export function heed({ world }: Pick<Site, 'world'>, { edge, event, stamp, time }: Envelope): void {
  const stamped = stamp === undefined ? undefined : readStamp(stamp)
  if (stamped !== undefined) hybridOf(world.clock).receive(stamped)
  const emittedMs = momentOf(time)
  if (emittedMs === undefined) return
  const ageMs = world.clock.wallMs() - emittedMs
  if (ageMs <= INBOX_MS - DRIFT_MS) return
  throw new HoldfastError('HF_EVENT_EXPIRED', {
    edge,
    detail: `${event} is ${(ageMs / 86_400_000).toFixed(1)} days old, the limit is 7 days`,
  })
}

/** Forgets events that were consumed too long ago to come again, at most 1,000, and counts them. */
export async function forget(database: Database): Promise<number> {
  const { rowCount } = await database.query(
    `delete from hf.inbox where ctid = any(array(
       select ctid from hf.inbox
       where at < clock_timestamp() - $1::float8 * interval '1 millisecond' and scope like 'event:%'
       limit ${FORGOTTEN_MAX}))`,
    [INBOX_MS],
  )
  return rowCount
}
