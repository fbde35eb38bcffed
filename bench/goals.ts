/**
 * What was aimed at, and whether it is reached: each goal is one number of one bench, so that nobody can
 * call it reached who has not measured it.
 *
 * A goal that is missed stands in `docs/performance.md` with its reason. A reason that is no longer needed
 * is not shown.
 */
import type { Report, Row } from './method/report.ts'

/** A number that a report holds. */
export interface Goal {
  /** What is aimed at, in a sentence. */
  readonly text: string
  readonly bench: string
  /** The measure, by its name. */
  readonly measure: string
  /** Whose number. @defaultValue 'holdfast' */
  readonly row?: string
  /** Its own number, its ratio to the floor, to the best peer, to another row, or the power of its growth. */
  readonly of: 'value' | 'ratioToFloor' | 'ratioToBestPeer' | 'exponent' | { readonly row: string }
  readonly atMost?: number
  readonly atLeast?: number
  /** Why it is missed, where it is. */
  readonly because: string
}

const LISTS =
  'the two lists of the edge take a third of a call, frames and garbage a sixth each (bench/profiles)'
const STATEMENTS =
  'each event still takes three statements of its own, the floor one, because a handler is anybody’s code'

/** Every goal, in the order of the page. */
export const goals: readonly Goal[] = [
  {
    text: 'the policies cost at most 300 ns',
    bench: 'policy',
    measure: 'ns',
    of: 'value',
    atMost: 300,
    because:
      'a signal on demand, a wheel of timers and a fact for each call are kept; the floor has none',
  },
  {
    text: 'the policies allocate at most 1,500 bytes',
    bench: 'policy',
    measure: 'bytes',
    of: 'value',
    atMost: 1_500,
    because: 'the promise of the deadline and the attempt’s record are objects of their own',
  },
  {
    text: 'the policies are ahead of every library',
    bench: 'policy',
    measure: 'ns',
    of: 'ratioToBestPeer',
    atLeast: 1,
    because: 'opossum has neither retry nor budget, and aborts nothing',
  },
  {
    text: 'the whole outgoing list costs at most 1 µs',
    bench: 'policy',
    measure: 'ns',
    row: 'holdfast, whole edge',
    of: 'value',
    atMost: 1_000,
    because: 'it writes a trace, an id and the headers of each call',
  },
  {
    text: 'a call over HTTP costs at most 1.25 times the CPU of node:http with undici',
    bench: 'call',
    measure: 'cpu32',
    row: 'holdfast over HTTP',
    of: { row: 'node:http + undici' },
    atLeast: 0.8,
    because: LISTS,
  },
  ...([1, 32, 256] as const).flatMap((callers): readonly Goal[] => [
    {
      text: `a session does at least 1.2 times the calls of Moleculer with its policies, ${callers} at once`,
      bench: 'call',
      measure: `rate${callers}`,
      of: { row: 'moleculer (TCP, policies)' },
      atLeast: 1.2,
      because: LISTS,
    },
    {
      text: `a session does at least half of the calls of the floor, ${callers} at once`,
      bench: 'call',
      measure: `rate${callers}`,
      of: 'ratioToFloor',
      atLeast: 0.5,
      because: LISTS,
    },
  ]),
  ...['fastify + undici', 'hono + undici', 'orpc', 'trpc', 'connect', 'nestjs (TCP)'].map(
    (row): Goal => ({
      text: `a call costs less CPU than one of ${row}, 32 at once`,
      bench: 'call',
      measure: 'cpu32',
      of: { row },
      atLeast: 1,
      because: 'that peer has no policy, no deadline and no check of the answer',
    }),
  ),
  {
    text: 'an event costs less CPU than with every library of the same guarantee',
    bench: 'events',
    measure: 'us',
    of: 'ratioToBestPeer',
    atLeast: 1,
    because: `it goes through HTTP between two services, the queues do not; ${STATEMENTS}`,
  },
  {
    text: 'events flow faster than with every library of the same guarantee',
    bench: 'events',
    measure: 'rate',
    of: 'ratioToBestPeer',
    atLeast: 1,
    because: STATEMENTS,
  },
  {
    text: 'events flow at half of the floor’s rate or more',
    bench: 'events',
    measure: 'rate',
    of: 'ratioToFloor',
    atLeast: 0.5,
    because: STATEMENTS,
  },
  ...([2, 5, 10] as const).map((factor): Goal => ({
    text: `97 % of 200/s are answered in time at ${factor} times as many`,
    bench: 'overload',
    measure: `goodput200x${factor}`,
    of: 'value',
    atLeast: 194,
    because: 'generator, callee and its timers share two processors, and what is refused costs too',
  })),
  ...([2, 5] as const).map((factor): Goal => ({
    text: `95 % of 800/s are answered in time at ${factor} times as many`,
    bench: 'overload',
    measure: `goodput800x${factor}`,
    of: 'value',
    atLeast: 760,
    because: 'the two processors cannot offer and refuse as much at once',
  })),
  {
    text: 'overload is answered by at most 1.1 attempts for each call, at ten times 200/s',
    bench: 'overload',
    measure: 'attempts200x10',
    of: 'value',
    atMost: 1.1,
    because: 'a refusal may be repeated elsewhere, within the budget',
  },
  {
    text: 'after an overload all are answered in time within 2 s',
    bench: 'overload',
    measure: 'recovery200',
    of: 'value',
    atLeast: 0.95,
    because: 'what was learnt of the overload is forgotten too slowly',
  },
  {
    text: 'the simulator does at least 50,000 calls per second of CPU',
    bench: 'sim',
    measure: 'calls',
    row: 'holdfast, without SQL',
    of: 'value',
    atLeast: 50_000,
    because: 'each call runs both real lists, and each message is copied and drawn a fate',
  },
  {
    text: 'the simulator does at least 20,000 statements per second of CPU',
    bench: 'sim',
    measure: 'statements',
    row: 'holdfast, statements',
    of: 'value',
    atLeast: 20_000,
    because: 'PGlite is most of it, and the rest is one turn of the schedule for each statement',
  },
  {
    text: 'the simulator does at least 30 runs of the bank per second of CPU',
    bench: 'sim',
    measure: 'runs',
    row: 'holdfast, bank',
    of: 'value',
    atLeast: 30,
    because: 'SQL in WebAssembly is most of a run',
  },
  {
    text: 'the simulator does 100 seconds of six services at 20 requests a second per second of CPU',
    bench: 'sim',
    measure: 'six',
    row: 'holdfast, six services',
    of: 'value',
    atLeast: 100,
    because: 'SQL in WebAssembly is most of a second',
  },
  {
    text: 'memory stays flat: at most 4 bytes of heap are gained for each of two million calls',
    bench: 'growth',
    measure: 'bytes',
    of: 'value',
    atMost: 4,
    because: 'something is kept for each call',
  },
  {
    text: 'an event costs as much while a million wait as while ten thousand do, within a power of 0.05',
    bench: 'scale',
    measure: 'drainUs',
    of: 'exponent',
    atMost: 0.05,
    because: 'the index of the outbox no longer fits into the cache',
  },
  {
    text: 'a command costs the same with a million kept keys as with ten thousand, within a power of 0.05',
    bench: 'scale',
    measure: 'claimUs',
    of: 'exponent',
    atMost: 0.05,
    because: 'the index of the inbox no longer fits into the cache',
  },
  {
    text: 'a command that emits costs the same with a thousand edges as with ten, within a power of 0.05',
    bench: 'scale',
    measure: 'emitUs',
    of: 'exponent',
    atMost: 0.05,
    because: 'the edges that carry an event are looked for among all edges of the system',
  },
  {
    text: 'fewer than 10 packages are installed beside the 13 of pg',
    bench: 'install',
    measure: 'packages',
    of: 'value',
    atMost: 22,
    because: 'pino brings most of them',
  },
  {
    text: 'at most 5 MiB are installed',
    bench: 'install',
    measure: 'mib',
    of: 'value',
    atMost: 5,
    because: 'the sources lie beside what was compiled of them, with maps from one to the other',
  },
]

/** What became of a goal. */
export interface Reached {
  readonly goal: Goal
  readonly found: number
  readonly isReached: boolean
}

/** The goals whose benches were run, with what was found. */
export function reached(
  reports: readonly Report[],
  of: readonly Goal[] = goals,
): readonly Reached[] {
  return of.flatMap((goal) => {
    const found = numberOf(goal, reports)
    if (found === undefined || !Number.isFinite(found)) return []
    const isReached = found >= (goal.atLeast ?? -Infinity) && found <= (goal.atMost ?? Infinity)
    return [{ goal, found, isReached }]
  })
}

function numberOf(
  { bench, measure, row = 'holdfast', of }: Goal,
  reports: readonly Report[],
): number | undefined {
  const table = reports
    .find((report) => report.bench === bench)
    ?.tables.find(({ name }) => name === measure)
  const named = (name: string): Row | undefined => table?.rows.find((each) => each.name === name)
  const ours = named(row)
  if (table === undefined || ours === undefined) return undefined
  if (of === 'exponent') return table.exponent
  if (typeof of === 'string') return ours[of] ?? undefined
  const other = named(of.row)
  if (other === undefined) return undefined
  return table.better === 'less' ? other.value / ours.value : ours.value / other.value
}
