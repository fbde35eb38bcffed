/**
 * Where a consumer keeps messages that it could not use and that no emitter keeps any more: rows of its
 * own outbox, under the edge on which they came.
 *
 * So there is one place, one queue and one set of commands for what failed, whoever carried it. The
 * relay of the consumer delivers these rows to the consumer itself.
 *
 * Invariants:
 *   K1. A key is blocked while a row of it is parked, unless that row is a dead letter that is skipped.
 *   K2. Parking twice is parking once.
 *   K3. At most PARKED_MAX rows of a queue are parked by it; beyond them the queue stands still, which
 *       the broker's own bound and the emitter's backlog pass on.
 */
import { HoldfastError } from '#errors'
import type { Site } from '../site.ts'
import type { Envelope } from './envelope.ts'
import type { Head } from './outbox.ts'
import type { Partition } from './queue.ts'
import { judge } from './retry.ts'

/** Rows that one queue may have parked. */
const PARKED_MAX = 10_000

/** The parked messages of one queue. */
export class Parking {
  readonly #site: Site
  readonly #queue: Partition
  readonly #skips: readonly string[]

  /** `skips`: the events whose dead letters block nobody, as the outbox names them. */
  constructor(site: Site, queue: Partition, skips: readonly string[]) {
    this.#site = site
    this.#queue = queue
    this.#skips = skips
  }

  /**
   * Those of the keys that are blocked.
   *
   * @throws HF_OUTBOX_FULL (effect none) while too much is parked
   */
  async blockedAmong(keys: readonly string[]): Promise<readonly string[]> {
    const { edge, part } = this.#queue
    const { rows } = await this.#site.database.query<{ keys: string[]; parked: number }>(BLOCKED, [
      edge,
      part,
      [...new Set(keys)],
      this.#skips,
    ])
    const { keys: blocked = [], parked = 0 } = rows[0] ?? {}
    if (parked < PARKED_MAX) return blocked
    throw new HoldfastError('HF_OUTBOX_FULL', {
      edge,
      detail: `${parked} events wait behind dead letters, the limit is ${PARKED_MAX}`,
      fix: 'Decide about the dead letters of this edge: `holdfast dead list`.',
      retryAfterMs: 10_000,
    })
  }

  /** Parks a message: one that failed, or, without a failure, one whose turn has not come. */
  async park(envelope: Envelope, failure: HoldfastError | undefined): Promise<void> {
    const { edge, part } = this.#queue
    const { id, key, payload, event, time, traceparent, stamp, version } = envelope
    const head: Head = {
      event,
      time,
      traceparent,
      ...(stamp === undefined ? {} : { stamp }),
      ...(version === undefined ? {} : { version }),
    }
    const verdict = failure && judge(failure, 0, this.#site.world.random)
    await this.#site.database.query(PARK, [
      edge,
      part,
      id,
      key,
      JSON.stringify(payload),
      JSON.stringify(head),
      verdict === undefined || verdict.verdict === 'away' ? 0 : verdict.attempts,
      verdict?.error ?? null,
      verdict?.verdict === 'again' ? verdict.delayMs : null,
    ])
    if (verdict !== undefined) this.#state(envelope, verdict)
    this.#site.wake()
  }

  #state({ id, key, event }: Envelope, verdict: ReturnType<typeof judge>): void {
    this.#site.observe({
      fact: 'undelivered',
      service: this.#site.service.name,
      edge: this.#queue.edge,
      event,
      id,
      key,
      attempts: 'attempts' in verdict ? verdict.attempts : 0,
      retryInMs: verdict.verdict === 'again' ? verdict.delayMs : undefined,
      error: verdict.error,
    })
  }
}

const BLOCKED = `
  select
    coalesce(array_agg(distinct key) filter (where key = any($3::text[])), '{}') as keys,
    count(*)::int as parked
  from (
    select key from hf.outbox
    where edge = $1 and part = $2
      and not (due_at = 'infinity' and head ->> 'event' = any($4::text[]))
    limit ${PARKED_MAX}) as parked
  where key <> ''`

const PARK = `
  insert into hf.outbox (edge, part, id, key, body, head, attempts, error, due_at)
  select $1, $2, $3, $4, $5::jsonb, $6::jsonb, $7, $8,
    case when $8::text is null then null when $9::float8 is null then 'infinity'
      else clock_timestamp() + $9 * interval '1 millisecond' end
  where not exists (select 1 from hf.outbox where edge = $1 and part = $2 and id = $3)`
