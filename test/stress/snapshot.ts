/**
 * The snapshot run: a forgotten transaction keeps the server from clearing away what was delivered.
 *
 * Every event leaves a dead row behind, and a reader must pass over all of them as long as an old
 * snapshot could still see them. How slow does the relay become, does it say who is to blame, and is it
 * fast again afterwards? Method: bursts of events, one after the other, before, during and after.
 */
import { Client } from 'pg'
import { nodeClock, nodeTimers, sleep } from '#world'
import { fill, takes } from './drain.ts'
import { startStressed } from './system.ts'

const BURST = 5_000

/** Bursts whose median is a rate. */
const BURSTS = 7

/** Longer than the server waits between two clearings. */
const RECOVERY_MS = 75_000

/** What was found; rates in events per second. */
export interface SnapshotReport {
  readonly minutes: number
  readonly events: number
  readonly before: number
  readonly atTheEnd: number
  readonly afterwards: number
  /** How many times slower it was at the end of the held time. */
  readonly slowdown: number
  /** What was said about the holder, once. */
  readonly report: string
}

/** Runs once. */
export async function stressSnapshot(url: string, minutes: number): Promise<SnapshotReport> {
  let delivered = 0
  let report = 'nothing'
  const running = await startStressed({
    url,
    name: 'snapshot',
    sessionsMax: 12,
    lostShare: 0,
    observe: (fact) => {
      if (fact.fact === 'delivered') delivered += 1
      if (fact.fact === 'failed' && fact.code === 'HF_DB_SNAPSHOT_HELD') report = String(fact.error)
    },
  })
  const burst = async (): Promise<number> => {
    const goal = delivered + BURST
    await fill(running.source, BURST)
    return (BURST * 1_000) / (await takes(() => delivered >= goal))
  }
  try {
    await rateOf(burst)
    const before = await rateOf(burst)
    const holder = await hold(running.sourceUrl)
    const untilMs = nodeClock.monotonicMs() + minutes * 60_000
    while (nodeClock.monotonicMs() < untilMs) await burst()
    const atTheEnd = await rateOf(burst)
    await holder.end()
    await sleep(nodeTimers, RECOVERY_MS)
    const afterwards = await rateOf(burst)
    const slowdown = Number((before / atTheEnd).toFixed(2))
    return { minutes, events: delivered, before, atTheEnd, afterwards, slowdown, report }
  } finally {
    await running.stop()
  }
}

/** The median of some bursts. */
async function rateOf(burst: () => Promise<number>): Promise<number> {
  const rates: number[] = []
  for (let n = 0; n < BURSTS; n += 1) rates.push(await burst())
  return Math.round(rates.toSorted((a, b) => a - b)[Math.floor(BURSTS / 2)] ?? 0)
}

/** Somebody opens a transaction, looks at something, and goes for lunch. */
async function hold(url: string): Promise<Client> {
  const client = new Client({ connectionString: url, application_name: 'forgotten' })
  await client.connect()
  await client.query('begin isolation level repeatable read; select 1 from hf.outbox limit 1')
  return client
}
