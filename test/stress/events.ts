/**
 * The stress run of the event edge: many writers, one relay at a time, one consumer, and a verdict.
 *
 * The verdict is read from the two databases and from nowhere else. What must have been delivered
 * stands in `written`; who committed first, the server itself says (`track_commit_timestamp`).
 *
 * Claims that it can refute:
 *   S1. Every committed event has its effect. None is lost.
 *   S2. No event has its effect twice, though answers are lost and relays change.
 *   S3. No event of a transaction that was rolled back has an effect.
 *   S4. Per key, effects are in the order of commits.
 */
import type { Database } from '#state'
import { nodeClock, nodeTimers, sleep } from '#world'
import { openAt, type Stressed, startStressed } from './system.ts'
import { write, type WriterOptions, type Written } from './writer.ts'

/** What the run is made of. */
export interface StressOptions extends WriterOptions {
  readonly url: string
  /** Begins the names of the two databases, which must not exist. */
  readonly name: string
  readonly writers: number
  readonly lostShare: number
  /** Starts another relay so often, in ms; 0: never. */
  readonly restartMs: number
  /** Transactions stay open from the first event to the last: one here, one in another database. */
  readonly heldOpen: boolean
}

/** What was found. `lost`, `twice`, `ghosts`, `inversions` and `stuck` are all 0, or the edge is broken. */
export interface StressReport {
  readonly events: number
  readonly rolledBack: number
  readonly lost: number
  readonly twice: number
  readonly ghosts: number
  readonly inversions: number
  /** Still in the outbox at the end; they count as lost, too. */
  readonly stuck: number
  readonly undelivered: number
  readonly writtenMs: number
  readonly drainedMs: number
  readonly eventsPerSecond: number
  readonly lagP50Ms: number
  readonly lagP99Ms: number
}

/** An outbox that does not change for so long stands still: twice the longest delay of a retry. */
const STILL_MS_MAX = 60_000

/** Runs once. */
export async function stressEvents(options: StressOptions): Promise<StressReport> {
  const lags: number[] = []
  let undelivered = 0
  const running = await startStressed({
    url: options.url,
    name: options.name,
    sessionsMax: options.writers + 12,
    lostShare: options.lostShare,
    observe: (fact) => {
      if (fact.fact === 'delivered') lags.push(fact.lagMs)
      if (fact.fact === 'undelivered') undelivered += 1
    },
  })
  try {
    const written: Written = { events: 0, rolledBack: 0 }
    const startedMs = nodeClock.monotonicMs()
    await held(options.heldOpen ? [running.sourceUrl, options.url] : [], () =>
      writeAll(running, options, written),
    )
    const writtenMs = nodeClock.monotonicMs() - startedMs
    const stuck = await drained(running.source)
    const drainedMs = nodeClock.monotonicMs() - startedMs
    const verdict = await judge(running)
    const ordered = lags.toSorted((a, b) => a - b)
    return {
      ...written,
      ...verdict,
      stuck,
      undelivered,
      writtenMs: Math.round(writtenMs),
      drainedMs: Math.round(drainedMs),
      eventsPerSecond: Math.round((written.events * 1_000) / drainedMs),
      lagP50Ms: Math.round(ordered[Math.floor(ordered.length * 0.5)] ?? 0),
      lagP99Ms: Math.round(ordered[Math.floor(ordered.length * 0.99)] ?? 0),
    }
  } finally {
    await running.stop()
  }
}

async function writeAll(
  running: Stressed,
  options: StressOptions,
  written: Written,
): Promise<void> {
  const end = new AbortController()
  const restarts = restartUntil(running, options.restartMs, end.signal)
  const all = Array.from({ length: options.writers }, () => write(running.site, options, written))
  await Promise.all(all)
  end.abort()
  await restarts
}

async function restartUntil(running: Stressed, everyMs: number, end: AbortSignal): Promise<void> {
  if (everyMs === 0) return
  while (!end.aborted) {
    await sleep(nodeTimers, everyMs, end).catch(() => undefined)
    if (!end.aborted) await running.restart()
  }
}

/** Does the work while a transaction that has written is open in each of the databases. */
async function held(urls: readonly string[], work: () => Promise<void>): Promise<void> {
  const [url, ...others] = urls
  if (url === undefined) return work()
  const holder = openAt(url, 1)
  const gate = Promise.withResolvers<void>()
  const holding = holder.transaction({ timeoutMs: HELD_MS_MAX }, async (tx) => {
    await tx.query('create table held_open (n int)')
    await gate.promise
  })
  try {
    await held(others, work)
  } finally {
    gate.resolve()
    await holding
    await holder.close()
  }
}

/** The longest run. */
const HELD_MS_MAX = 3_600_000

/** Waits until the outbox is empty or stands still, and counts what is left in it. */
async function drained(source: Database): Promise<number> {
  let left = Infinity
  let changedMs = nodeClock.monotonicMs()
  while (left > 0 && nodeClock.monotonicMs() - changedMs < STILL_MS_MAX) {
    const { rows } = await source.query<{ n: number }>('select count(*)::int as n from hf.outbox')
    const now = rows[0]?.n ?? 0
    if (now !== left) changedMs = nodeClock.monotonicMs()
    left = now
    await sleep(nodeTimers, 50)
  }
  return left
}

interface Verdict {
  readonly lost: number
  readonly twice: number
  readonly ghosts: number
  readonly inversions: number
}

async function judge({ source, target }: Stressed): Promise<Verdict> {
  const committed = await source.query<{ id: string; key: string }>(
    'select id, key from written order by pg_xact_commit_timestamp(xmin), place',
    [],
    { timeoutMs: 60_000 },
  )
  const seen = await target.query<{ id: string; key: string }>(
    'select id, key from seen order by place',
    [],
    { timeoutMs: 60_000 },
  )
  const place = new Map(committed.rows.map(({ id }, index) => [id, index]))
  const effects = new Map<string, number>()
  const last = new Map<string, number>()
  let inversions = 0
  for (const { id, key } of seen.rows) {
    effects.set(id, (effects.get(id) ?? 0) + 1)
    const at = place.get(id) ?? -1
    if (key !== '' && at < (last.get(key) ?? -1)) inversions += 1
    last.set(key, Math.max(at, last.get(key) ?? -1))
  }
  return {
    lost: committed.rows.filter(({ id }) => !effects.has(id)).length,
    twice: [...effects.values()].filter((count) => count > 1).length,
    ghosts: [...effects.keys()].filter((id) => !place.has(id)).length,
    inversions,
  }
}
