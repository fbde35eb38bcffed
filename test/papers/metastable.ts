/**
 * A stall of ten seconds, and whether the system comes back: N2 and N11.
 *
 * Method: a server of 1 ms a request with an endless queue, and callers that arrive at random, wait
 * for 200 ms and try again. What makes it metastable: the work that nobody waits for any more is done
 * all the same, and the retries keep it coming.
 */
import { Admission, Attempts, Breaker, levelOf, type OutcomeClass, RetryBudget } from '#policy'
import { Queueing } from '../support/queueing.ts'
import type { Line, Paper } from './paper.ts'

interface Options {
  /** Calls in a millisecond, of which one could be served. */
  readonly load: number
  readonly attemptsMax: number
  readonly hasBudget?: boolean
  readonly breaker?: { readonly openMsMax: number }
  /** The service refuses what it cannot finish in time, and lets in what fits. */
  readonly isAdmitting?: boolean
}

const PATIENCE_MS = 200
const STALL_FROM_MS = 30_000
const STALL_UNTIL_MS = 40_000
const UNTIL_MS = 180_000
/** What has not come back by then is not counted as coming back. */
const NEVER_S = 139
const REJECT_MS = 0.05
/** The estimate of what a request needs: p90 of 1 ms on average, exponential. */
const NEEDED_MS = 2.3

interface Job {
  readonly sinceMs: number
  readonly isAdmitted: boolean
  readonly answer: (outcome: OutcomeClass) => void
}

/** Seconds from the end of the stall until nine of ten calls succeed for five seconds; or Infinity. */
function recoveryS(options: Options): number {
  return new Stall(options).recoveryS()
}

class Stall {
  readonly #options: Options
  readonly #queueing = new Queueing(3)
  readonly #budget: RetryBudget
  readonly #breaker: Breaker | undefined
  readonly #door = new Admission({}, 0)
  readonly #queue: Job[] = []
  readonly #begun: number[] = []
  readonly #done: number[] = []
  #first = 0
  #isBusy = false

  constructor(options: Options) {
    this.#options = options
    this.#budget = new RetryBudget(options.hasBudget === true ? {} : { retriesMax: 1e9 }, 0)
    this.#breaker = options.breaker && new Breaker(options.breaker)
  }

  recoveryS(): number {
    this.#queueing.arrivals(
      () => this.#options.load,
      () => this.#call(),
    )
    this.#queueing.runUntil(UNTIL_MS)
    const isWell = (second: number): boolean =>
      (this.#done[second] ?? 0) >= 0.9 * (this.#begun[second] ?? 1)
    const from = STALL_UNTIL_MS / 1_000
    for (let second = from; second + 5 <= UNTIL_MS / 1_000; second += 1)
      if ([0, 1, 2, 3, 4].every((more) => isWell(second + more))) return second - from
    return Number.POSITIVE_INFINITY
  }

  #call(): void {
    const second = Math.floor(this.#queueing.nowMs / 1_000)
    this.#begun[second] = (this.#begun[second] ?? 0) + 1
    const done = (): void => {
      this.#done[second] = (this.#done[second] ?? 0) + 1
    }
    if (this.#options.hasBudget === true) return this.#scheduled(done)
    this.#naive(1, done)
  }

  /** Retries at once, as most programs do. */
  #naive(attempt: number, done: () => void): void {
    this.#send((outcome) => {
      if (outcome === 'done') done()
      else if (attempt < this.#options.attemptsMax) this.#naive(attempt + 1, done)
    })
  }

  /** Retries as our edge does. The deadline leaves time for all attempts. */
  #scheduled(done: () => void): void {
    const { attemptsMax } = this.#options
    const policy = { attemptsMax, hasSameEffect: true, budget: this.#budget }
    const { draw } = this.#queueing
    const attempts = new Attempts(policy, this.#queueing.nowMs + 5_000)
    const follow = (step: ReturnType<Attempts['begin']>): void => {
      if (step.step === 'wait')
        this.#queueing.after(step.delayMs, () => follow(attempts.waitOver(this.#queueing.nowMs)))
      if (step.step === 'send')
        this.#send((outcome) => {
          if (outcome === 'done') done()
          const told = { attempt: step.attempt, class: outcome }
          follow(attempts.ended(told, this.#queueing.nowMs, draw))
        })
    }
    follow(attempts.begin(this.#queueing.nowMs))
  }

  #send(ended: (outcome: OutcomeClass) => void): void {
    const { nowMs, draw } = this.#queueing
    const permit = this.#breaker?.tryAcquire(nowMs, draw)
    if (this.#breaker !== undefined && permit === undefined) return ended('local')
    let isOver = false
    const answer = (outcome: OutcomeClass): void => {
      if (isOver) return
      isOver = true
      const verdict = outcome === 'done' ? 'success' : 'failure'
      if (permit !== undefined) this.#breaker?.record(permit, verdict, this.#queueing.nowMs, draw)
      ended(outcome)
    }
    this.#queueing.after(PATIENCE_MS, () => answer('ambiguous'))
    this.#queue.push({ sinceMs: nowMs, isAdmitted: this.#isAdmitted(nowMs), answer })
    this.#work()
  }

  #isAdmitted(nowMs: number): boolean {
    if (this.#options.isAdmitting !== true) return true
    const { draw } = this.#queueing
    const oldestWaitMs = nowMs - (this.#queue[this.#first]?.sinceMs ?? nowMs)
    return this.#door.arrive(
      { level: levelOf('critical', draw() * 128), nowMs, oldestWaitMs },
      draw,
    )
  }

  #work(): void {
    const { nowMs } = this.#queueing
    const isStalled = nowMs >= STALL_FROM_MS && nowMs < STALL_UNTIL_MS
    const job = this.#queue[this.#first]
    if (this.#isBusy || job === undefined) return
    this.#isBusy = true
    if (isStalled) return this.#queueing.after(STALL_UNTIL_MS - nowMs, () => this.#free())
    this.#first += 1
    const waitedMs = nowMs - job.sinceMs
    if (this.#options.isAdmitting === true) this.#door.waited('loop', waitedMs)
    const isHopeless = this.#options.isAdmitting === true && PATIENCE_MS - waitedMs < NEEDED_MS
    const isDone = job.isAdmitted && !isHopeless
    const spentMs = isDone ? this.#queueing.exponentialMs(1) : REJECT_MS
    this.#queueing.after(spentMs, () => {
      if (isDone) this.#door.finish({ tookMs: spentMs, nowMs: this.#queueing.nowMs })
      job.answer(isDone ? 'done' : 'rejected')
      this.#free()
    })
  }

  #free(): void {
    this.#isBusy = false
    this.#work()
  }
}

const threshold = (load: number, attemptsMax: number, published: string): Line => ({
  what: `load ${load}, ${attemptsMax} ${attemptsMax === 1 ? 'attempt' : 'attempts'}`,
  ours: recoveryS({ load, attemptsMax }),
  published,
  accepted: published === 'never' ? { min: NEVER_S } : { max: NEVER_S },
})

const thresholds: Paper = {
  id: 'N2',
  title: 'Without any control: seconds until a system comes back (theory: if load x attempts < 1)',
  run: () => {
    return [
      threshold(0.15, 4, 'comes back'),
      threshold(0.2, 4, 'comes back'),
      threshold(0.26, 4, 'never'),
      threshold(0.45, 2, 'comes back'),
      threshold(0.55, 2, 'never'),
      threshold(0.8, 1, '37; theory 40'),
    ]
  },
}

const recovering = (
  what: string,
  options: Options,
  published: string,
  accepted: Line['accepted'],
): Line => ({ what, ours: recoveryS(options), published, accepted })

const recovery: Paper = {
  id: 'N11',
  title: 'Load 0.8, 4 attempts, a stall of 10 s: seconds until the system comes back',
  run: () => {
    const base = { load: 0.8, attemptsMax: 4 }
    const edge = { ...base, hasBudget: true, isAdmitting: true }
    return [
      recovering('no control', base, 'never', { min: NEVER_S }),
      recovering('budget alone', { ...base, hasBudget: true }, '39', { min: 10 }),
      recovering('breaker alone', { ...base, breaker: { openMsMax: 30_000 } }, '13', {}),
      recovering('admission alone', { ...base, isAdmitting: true }, '1', {}),
      recovering('budget and admission', edge, '1', { max: 2 }),
      recovering(
        'both, and a circuit that doubles its time',
        { ...edge, breaker: { openMsMax: 30_000 } },
        '-',
        {},
      ),
      recovering(
        'ours: both, and a circuit open for 1 s',
        { ...edge, breaker: { openMsMax: 1_000 } },
        '1',
        { max: 2 },
      ),
    ]
  },
}

/** The experiments about a system that does not come back. */
export const metastablePapers: readonly Paper[] = [thresholds, recovery]
