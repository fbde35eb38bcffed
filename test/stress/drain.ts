/**
 * How fast an outbox is emptied, whatever stands behind or in the way: events that are written by SQL,
 * so that the time is that of the relay and of its consumer alone.
 */
import type { Database } from '#state'
import { nodeClock, nodeTimers, sleep } from '#world'

/** Rows that one statement writes. */
const CHUNK = 100_000

/** Nothing that moves takes so long. */
const WAIT_MS_MAX = 900_000

/** Puts events without a key into the outbox, in all partitions, as an emitter would have. */
export async function fill(source: Database, events: number): Promise<void> {
  for (let from = 0; from < events; from += CHUNK) {
    await source.query(FILL, [Math.min(CHUNK, events - from)], { timeoutMs: 60_000 })
  }
}

/** Rows of the outbox. */
export async function countOf(source: Database): Promise<number> {
  const { rows } = await source.query<{ n: number }>(
    'select count(*)::int as n from hf.outbox',
    [],
    { timeoutMs: 60_000 },
  )
  return rows[0]?.n ?? 0
}

/** Waits until `isDone`, and gives the time that it took, in ms. */
export async function takes(isDone: () => boolean): Promise<number> {
  const startedMs = nodeClock.monotonicMs()
  while (!isDone()) {
    const waitedMs = nodeClock.monotonicMs() - startedMs
    if (waitedMs > WAIT_MS_MAX) throw new Error(`not done after ${Math.round(waitedMs)} ms`)
    await sleep(nodeTimers, 5)
  }
  return nodeClock.monotonicMs() - startedMs
}

const FILL = `
  insert into hf.outbox (edge, part, id, body, head)
  select 'writers>readers', n % 4, id, jsonb_build_object('id', id, 'key', ''), jsonb_build_object(
    'event', 'writers.loose', 'time', to_char(now(), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
  from (select n, gen_random_uuid()::text as id from generate_series(1, $1::int) as n) as each`
