/**
 * The backlog run: is a long backlog worked off as fast as a short one, and in the same memory?
 *
 * Method: the same process empties a backlog of 50,000 events and then a part of the long one, in
 * databases of their own. The rate of the long one is taken while nearly all of it still stands there.
 */
import { openAt, startStressed } from './system.ts'
import { countOf, fill, takes } from './drain.ts'

/** What is compared with. */
const SHORT = 50_000

/** Events that are delivered before the time is taken: compiled code, warm caches. */
const WARM = 10_000

/** What was found. */
export interface BacklogReport {
  readonly events: number
  readonly eventsPerSecond: number
  readonly eventsPerSecondShort: number
  /** Of the two rates: 1 is the same, less is slower. */
  readonly ratio: number
  /** Memory in use after a collection of garbage, at the start and at the end of the long run, in MB. */
  readonly heapMb: readonly [number, number]
  readonly left: number
}

/** Runs once. `collect` collects garbage, so that the memory is that of what is held. */
export async function stressBacklog(
  url: string,
  events: number,
  collect: () => void,
): Promise<BacklogReport> {
  const heapMb = (): number => {
    collect()
    return Math.round(process.memoryUsage().heapUsed / 1_048_576)
  }
  const short = await drain(url, 'short', SHORT, heapMb)
  const long = await drain(url, 'long', events, heapMb)
  return {
    events,
    eventsPerSecond: long.rate,
    eventsPerSecondShort: short.rate,
    ratio: Number((long.rate / short.rate).toFixed(2)),
    heapMb: long.heapMb,
    left: long.left,
  }
}

/** Fills an outbox and delivers 50,000 events of it. */
async function drain(
  url: string,
  name: string,
  events: number,
  heapMb: () => number,
): Promise<{ rate: number; heapMb: readonly [number, number]; left: number }> {
  let delivered = 0
  const running = await startStressed({
    url,
    name,
    sessionsMax: 12,
    lostShare: 0,
    before: async (source) => fill(source, events),
    observe: ({ fact }) => {
      if (fact === 'delivered') delivered += 1
    },
  })
  try {
    await takes(() => delivered >= WARM)
    const [from, atStart] = [delivered, heapMb()]
    const tookMs = await takes(() => delivered >= SHORT - 1_000)
    const rate = Math.round(((delivered - from) * 1_000) / tookMs)
    const atEnd = heapMb()
    await running.stop()
    const counting = openAt(running.sourceUrl, 1)
    const left = await countOf(counting)
    await counting.close()
    return { rate, heapMb: [atStart, atEnd], left }
  } catch (error) {
    await running.stop()
    throw error
  }
}
