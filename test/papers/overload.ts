/**
 * What a service does with more work than it can finish: N7, N8, N9, N10 and N14.
 *
 * Method: one worker whose work has a cost, because virtual time alone makes work free, and a service
 * whose work is free cannot be overloaded. A request takes 1 ms of the worker and 5 ms elsewhere, a
 * rejection 0.05 ms of the worker, and a caller gives up after 250 ms.
 */
import { Admission, criticalities, type Criticality, levelOf, RecentLatency } from '#policy'
import { percentile, Queueing } from '../support/queueing.ts'
import type { Line, Paper } from './paper.ts'

/** What arrives, what it costs, and how the service defends itself. */
export interface Load {
  /** Arrivals in a millisecond; the capacity is 1 / workMs. */
  readonly perMs: number
  readonly fromMs: number
  readonly untilMs: number
  readonly workMs?: number
  readonly elsewhereMs?: (nowMs: number) => number
  readonly hasDoor?: boolean
  /** What is refused when its turn comes: who has less left than this share of recent requests took. */
  readonly refusesBelow?: number | 'expired' | 'never'
}

/** What came of it. */
export interface Measured {
  readonly goodPerSecond: number
  /** Share of the arrivals of each class that were answered in time. */
  readonly served: Readonly<Record<Criticality, number>>
  readonly rejectedShare: number
  readonly tooks: readonly { readonly atMs: number; readonly tookMs: number }[]
}

const PATIENCE_MS = 250
const REJECT_MS = 0.05

const zero = (): Record<Criticality, number> => ({
  'critical-plus': 0,
  critical: 0,
  'sheddable-plus': 0,
  sheddable: 0,
})
const sum = (counts: Readonly<Record<Criticality, number>>): number =>
  criticalities.reduce((total, each) => total + counts[each], 0)

/** The service, its callers, and what was measured between two moments. */
class Service {
  readonly #load: Required<Load>
  readonly #queueing = new Queueing(1)
  readonly #door = new Admission({}, 0)
  readonly #latency = new RecentLatency()
  readonly #queue: { sinceMs: number; class: Criticality; isAdmitted: boolean }[] = []
  readonly #arrived = zero()
  readonly #inTime = zero()
  readonly #tooks: { atMs: number; tookMs: number }[] = []
  #first = 0
  #rejected = 0
  #isBusy = false

  constructor(load: Load) {
    this.#load = { workMs: 1, elsewhereMs: () => 5, hasDoor: true, refusesBelow: 0.9, ...load }
  }

  measure(): Measured {
    const { perMs, fromMs, untilMs } = this.#load
    this.#queueing.arrivals(
      () => perMs,
      () => this.#arrive(),
    )
    this.#queueing.runUntil(untilMs)
    const served = zero()
    for (const each of criticalities) served[each] = this.#inTime[each] / this.#arrived[each]
    return {
      goodPerSecond: (sum(this.#inTime) * 1_000) / (untilMs - fromMs),
      served,
      rejectedShare: this.#rejected / sum(this.#arrived),
      tooks: this.#tooks,
    }
  }

  #arrive(): void {
    const { nowMs, draw } = this.#queueing
    const { hasDoor, fromMs } = this.#load
    const criticality = criticalities[Math.floor(draw() * criticalities.length)] ?? 'critical'
    const oldestWaitMs = nowMs - (this.#queue[this.#first]?.sinceMs ?? nowMs)
    const level = levelOf(criticality, draw() * 128)
    const isAdmitted = !hasDoor || this.#door.arrive({ level, nowMs, oldestWaitMs }, draw)
    if (nowMs >= fromMs) {
      this.#arrived[criticality] += 1
      if (!isAdmitted) this.#rejected += 1
    }
    this.#queue.push({ sinceMs: nowMs, class: criticality, isAdmitted })
    this.#work()
  }

  #work(): void {
    const job = this.#queue[this.#first]
    if (this.#isBusy || job === undefined) return
    this.#first += 1
    const waitedMs = this.#queueing.nowMs - job.sinceMs
    if (job.isAdmitted) this.#door.waited('loop', waitedMs)
    const isDone = job.isAdmitted && PATIENCE_MS - waitedMs >= this.#neededMs()
    this.#isBusy = true
    const { workMs, elsewhereMs } = this.#load
    const spentMs = isDone ? this.#queueing.exponentialMs(workMs) : REJECT_MS
    this.#queueing.after(spentMs, () => {
      this.#isBusy = false
      const restMs = elsewhereMs(job.sinceMs)
      if (isDone) this.#queueing.after(restMs, () => this.#answered(job, spentMs + restMs))
      this.#work()
    })
  }

  #neededMs(): number {
    const { refusesBelow } = this.#load
    if (refusesBelow === 'never') return Number.NEGATIVE_INFINITY
    if (refusesBelow === 'expired') return 0
    return this.#latency.quantile({ share: refusesBelow, nowMs: this.#queueing.nowMs }) ?? 0
  }

  #answered(job: { sinceMs: number; class: Criticality }, withoutWaitMs: number): void {
    const { nowMs } = this.#queueing
    const tookMs = nowMs - job.sinceMs
    this.#door.finish({ tookMs: withoutWaitMs, nowMs })
    this.#latency.record({ tookMs: withoutWaitMs, nowMs })
    if (job.sinceMs < this.#load.fromMs) return
    this.#tooks.push({ atMs: job.sinceMs, tookMs })
    if (tookMs <= PATIENCE_MS) this.#inTime[job.class] += 1
  }
}

/** The service at so many times its capacity, once it has settled. */
export const steady = (times: number, more: Partial<Load> = {}): Measured =>
  new Service({ perMs: times, fromMs: 5_000, untilMs: 15_000, ...more }).measure()

/** What one worker can finish if each request that it does not serve costs a rejection. */
export const possible = (times: number): number =>
  (1_000 - REJECT_MS * 1_000 * times) / (1 - REJECT_MS)

const goodput: Paper = {
  id: 'N7',
  title: 'Goodput under overload, a second (capacity 1,000; a rejection costs a twentieth of it)',
  run: () => [
    {
      what: '2x, without door and deadline',
      ours: steady(2, { hasDoor: false, refusesBelow: 'never' }).goodPerSecond,
      published: '0',
      accepted: { max: 10 },
    },
    ...[1.2, 2, 4, 10].map((times, index): Line => ({
      what: `${times}x, ours; possible are ${Math.round(possible(times))}`,
      ours: steady(times).goodPerSecond,
      published: ['941', '900', '801', '500'][index] ?? '',
      accepted: { min: 0.85 * possible(times) },
    })),
  ],
}

const drift: Paper = {
  id: 'N8',
  title: 'Twenty minutes of double load: the median latency, ms',
  run: () => {
    const { tooks } = new Service({
      perMs: 0.4,
      workMs: 5,
      fromMs: 60_000,
      untilMs: 1_200_000,
    }).measure()
    const medianAt = (fromMs: number): number => {
      const minute = tooks.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + 60_000)
      return percentile(
        minute.map(({ tookMs }) => tookMs),
        0.5,
      )
    }
    const first = medianAt(60_000)
    return [
      { what: 'in the second minute', ours: first, published: 'flat', accepted: {} },
      {
        what: 'in the last minute',
        ours: medianAt(1_140_000),
        published: 'flat; Gradient2 drifts from a limit of 46 to 200',
        accepted: { max: 1.2 * first },
      },
    ]
  },
}

const falseShedding: Paper = {
  id: 'N9',
  title: 'A dependency becomes 20 times slower at 60 % load: % rejected',
  run: () => {
    const { rejectedShare } = new Service({
      perMs: 0.6,
      elsewhereMs: (nowMs) => (nowMs < 10_000 ? 5 : 100),
      fromMs: 5_000,
      untilMs: 30_000,
    }).measure()
    return [
      {
        what: 'ours',
        ours: 100 * rejectedShare,
        published: 'Gradient2 47.3, Vegas 46.6, Envoy 3',
        accepted: { max: 2 },
      },
    ]
  },
}

/** The goodput at 1.2 times the capacity, if this is refused when its turn comes. */
const refusing = (refusesBelow: Required<Load>['refusesBelow']): number =>
  steady(1.2, { hasDoor: false, refusesBelow, fromMs: 8_000, untilMs: 30_000 }).goodPerSecond

const deadlines: Paper = {
  id: 'N10',
  title: 'What to refuse when its turn comes, at 1.2x without a door: goodput a second',
  run: () => {
    return [
      { what: 'nothing', ours: refusing('never'), published: '0', accepted: { max: 10 } },
      {
        what: 'only what is expired',
        ours: refusing('expired'),
        published: '350',
        accepted: { max: 500 },
      },
      {
        what: 'less left than the median took',
        ours: refusing(0.5),
        published: '940',
        accepted: { min: 850 },
      },
      {
        what: 'ours: less left than p90',
        ours: refusing(0.9),
        published: '995 at p99',
        accepted: { min: 950 },
      },
    ]
  },
}

const priorities: Paper = {
  id: 'N14',
  title: 'Four classes of the same size at twice the capacity: % served in time',
  run: () => {
    const without = steady(2, { hasDoor: false }).served
    const { served } = steady(2)
    const line = (each: Criticality, published: string, accepted: Line['accepted']): Line => ({
      what: `${each}; ${Math.round(100 * without[each])} without the door`,
      ours: 100 * served[each],
      published,
      accepted,
    })
    return [
      line('critical-plus', '100', { min: 99 }),
      line('critical', '85', { min: 70 }),
      line('sheddable-plus', '3', { max: 15 }),
      line('sheddable', '0', { max: 2 }),
    ]
  },
}

/** The experiments about overload. */
export const overloadPapers: readonly Paper[] = [
  goodput,
  drift,
  falseShedding,
  deadlines,
  priorities,
]
