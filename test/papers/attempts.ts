/**
 * What retries and hedges do to the load and to the tail: N1, N3 and N13.
 */
import { Attempts, type AttemptOutcome, backoffMs, Hedge, RetryBudget } from '#policy'
import { percentile, seeded } from '../support/queueing.ts'
import type { Line, Paper } from './paper.ts'

/** How one hop of a chain retries. */
interface Hop {
  readonly attemptsMax: number
  readonly budgets: readonly RetryBudget[]
  readonly isStampKept: boolean
}

/** Calls at a leaf that is down, for one call at the top of `depth` hops. */
function leafCalls({ attemptsMax, budgets, isStampKept }: Hop, nowMs: number): number {
  let calls = 0
  const call = (depth: number): Omit<AttemptOutcome, 'attempt'> => {
    const budget = budgets[depth - 1]
    if (budget === undefined) {
      calls += 1
      return { class: 'rejected' }
    }
    const policy = { attemptsMax, hasSameEffect: true, budget }
    const attempts = new Attempts(policy, Number.POSITIVE_INFINITY)
    let step = attempts.begin(nowMs)
    while (step.step !== 'settle') {
      if (step.step === 'send')
        step = attempts.ended({ attempt: step.attempt, ...call(depth - 1) }, nowMs, () => 0.5)
      if (step.step === 'wait') step = attempts.waitOver(nowMs)
    }
    const advice = isStampKept && step.isStamped ? 'never' : 'elsewhere'
    return { class: 'rejected', advice }
  }
  call(budgets.length)
  return calls
}

const rich = (depth: number): RetryBudget[] =>
  Array.from({ length: depth }, () => new RetryBudget({ retriesMax: 100_000 }, 0))

function naive(depth: number, attemptsMax: number): number {
  return leafCalls({ attemptsMax, budgets: rich(depth), isStampKept: false }, 0)
}

/** 100 calls a second for 100 s; the first half, in which the jars empty, is not counted. */
function budgeted(depth: number): number {
  const budgets = Array.from({ length: depth }, () => new RetryBudget({}, 0))
  let calls = 0
  for (let root = 0; root < 10_000; root += 1) {
    const made = leafCalls({ attemptsMax: 3, budgets, isStampKept: false }, root * 10)
    if (root >= 5_000) calls += made
  }
  return calls / 5_000
}

const amplification: Paper = {
  id: 'N1',
  title: 'Amplification at the bottom of a chain while the bottom is down',
  run: () => [
    {
      what: '5 hops of 3 attempts, nothing against it',
      ours: naive(5, 3),
      published: '243 (AWS)',
      accepted: { min: 243, max: 243 },
    },
    {
      what: '3 hops of 4 attempts, nothing against it',
      ours: naive(3, 4),
      published: '64 (SRE)',
      accepted: { min: 64, max: 64 },
    },
    {
      what: '3 hops of 3 attempts with the stamp',
      ours: leafCalls({ attemptsMax: 3, budgets: rich(3), isStampKept: true }, 0),
      published: '3',
      accepted: { min: 3, max: 3 },
    },
    {
      what: '3 hops of 3 attempts with the budget, once it is spent',
      ours: budgeted(3),
      published: '1.00; with a deposit for each request 1.33',
      accepted: { max: 1.01 },
    },
  ],
}

const CALLS = 60_000

/** Answers of about 10 ms, and one in a hundred of 0.5 to 1.5 s. */
function tail(hedge: Hedge | undefined): { p99: number; p999: number; extra: number } {
  const draw = seeded(11)
  const latencyMs = (): number => {
    if (draw() < 0.01) return 500 + 1_000 * draw()
    const normal = Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())
    return 10 * Math.exp(0.3 * normal)
  }
  let hedges = 0
  const tooks: number[] = []
  for (let call = 0; call < CALLS; call += 1) {
    const nowMs = call * 5
    const first = latencyMs()
    const afterMs = hedge?.begin(nowMs)
    const isHedged = afterMs !== undefined && first > afterMs && hedge?.tryWithdraw() === true
    const tookMs = isHedged ? Math.min(first, afterMs + latencyMs()) : first
    if (isHedged) hedges += 1
    if (isHedged) hedge?.record({ tookMs: tookMs - afterMs, nowMs })
    hedge?.record({ tookMs, nowMs })
    tooks.push(tookMs)
  }
  const settled = tooks.slice(5_000)
  return {
    p99: percentile(settled, 0.99),
    p999: percentile(settled, 0.999),
    extra: (100 * hedges) / CALLS,
  }
}

const hedging: Paper = {
  id: 'N3',
  title: 'Hedging: one answer in a hundred is a straggler of 0.5 to 1.5 s',
  run: () => {
    const [without, withHedge] = [tail(undefined), tail(new Hedge())]
    return [
      { what: 'p99 without, ms', ours: without.p99, published: '514', accepted: { min: 400 } },
      { what: 'p99 with, ms', ours: withHedge.p99, published: '24', accepted: { max: 26.4 } },
      {
        what: 'p99.9 without, ms',
        ours: without.p999,
        published: '1406',
        accepted: { min: 1_265 },
      },
      { what: 'p99.9 with, ms', ours: withHedge.p999, published: '32', accepted: { max: 35.2 } },
      { what: 'more calls, %', ours: withHedge.extra, published: '5.0', accepted: { max: 5.5 } },
    ]
  },
}

/** 1,000 callers fail in one moment and retry three times: the busiest 10 ms. */
function peak(delayMs: (limitMs: number, retry: number, draw: () => number) => number): number {
  const draw = seeded(2)
  const bins = new Map<number, number>()
  for (let caller = 0; caller < 1_000; caller += 1) {
    let atMs = 0
    for (let retry = 0; retry < 3; retry += 1) {
      atMs += delayMs(100 * 2 ** retry, retry, draw)
      const bin = Math.floor(atMs / 10)
      bins.set(bin, (bins.get(bin) ?? 0) + 1)
    }
  }
  return Math.max(...bins.values())
}

const jitter: Paper = {
  id: 'N13',
  title:
    '1,000 callers fail together: the busiest 10 ms of their retries (limits 100, 200, 400 ms)',
  run: (): readonly Line[] => [
    {
      what: 'no jitter',
      ours: peak((limit) => limit),
      published: '1000',
      accepted: { min: 1_000 },
    },
    {
      what: '± 20 %',
      ours: peak((limit, _, draw) => limit * (0.8 + 0.4 * draw())),
      published: '259',
      accepted: { min: 200 },
    },
    {
      what: 'ours, full jitter',
      // The limit of 100 ms is that of our second retry: the first has 50 ms.
      ours: peak((_, retry, draw) => backoffMs({ retry: retry + 2, roll: draw() })),
      published: '161',
      accepted: { max: 200 },
    },
  ],
}

/** The experiments about attempts. */
export const attemptsPapers: readonly Paper[] = [amplification, hedging, jitter]
