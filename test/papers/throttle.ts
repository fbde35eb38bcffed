/**
 * Who holds back under overload, the caller or the service: N12.
 *
 * Method: a service that answers a fixed number of requests a second and refuses the rest at once, and one
 * client that wants more. The published client refuses itself by what it was refused; ours asks each time,
 * because the service sheds cheaply and by criticality, and bounds only what retries add.
 */
import { Attempts, RetryBudget } from '#policy'
import { seeded } from '../support/queueing.ts'
import type { Line, Paper } from './paper.ts'

const CAPACITY_PER_S = 1_000
/** The client remembers two minutes, as published. */
const MEMORY_S = 120
const UNTIL_S = 300

/** Answers `CAPACITY_PER_S` requests evenly, and refuses what comes between. */
class Saturated {
  received = 0
  accepted = 0
  #freeAtMs = 0

  ask(nowMs: number): boolean {
    this.received += 1
    if (nowMs < this.#freeAtMs) return false
    // A moment of idleness is kept for the next, not more: a rate, and no queue.
    this.#freeAtMs = Math.max(this.#freeAtMs, nowMs - 10) + 1_000 / CAPACITY_PER_S
    this.accepted += 1
    return true
  }
}

/** Requests and accepted ones of the last two minutes, by the second. */
class Throttle {
  readonly #k: number
  readonly #requests = new Map<number, number>()
  readonly #accepts = new Map<number, number>()
  #requestsSum = 0
  #acceptsSum = 0
  #second = 0

  constructor(k: number) {
    this.#k = k
  }

  /** The share that is refused here: `max(0, (requests - K * accepts) / (requests + 1))`. */
  refuses(nowMs: number, roll: number): boolean {
    this.#forget(Math.floor(nowMs / 1_000))
    const share = (this.#requestsSum - this.#k * this.#acceptsSum) / (this.#requestsSum + 1)
    this.#requests.set(this.#second, (this.#requests.get(this.#second) ?? 0) + 1)
    this.#requestsSum += 1
    return roll < share
  }

  accepted(): void {
    this.#accepts.set(this.#second, (this.#accepts.get(this.#second) ?? 0) + 1)
    this.#acceptsSum += 1
  }

  #forget(second: number): void {
    for (; this.#second < second; this.#second += 1) {
      const old = this.#second + 1 - MEMORY_S
      this.#requestsSum -= this.#requests.get(old) ?? 0
      this.#acceptsSum -= this.#accepts.get(old) ?? 0
      this.#requests.delete(old)
      this.#accepts.delete(old)
    }
  }
}

/** What reaches the service, as a multiple of its capacity, once the memory is full. */
function throttled(k: number, overload: number): number {
  const draw = seeded(12)
  const server = new Saturated()
  const throttle = new Throttle(k)
  const stepMs = 1_000 / (CAPACITY_PER_S * overload)
  let before = 0
  for (let nowMs = 0; nowMs < UNTIL_S * 1_000; nowMs += stepMs) {
    if (nowMs < MEMORY_S * 1_000) before = server.received
    if (!throttle.refuses(nowMs, draw()) && server.ask(nowMs)) throttle.accepted()
  }
  return (server.received - before) / (CAPACITY_PER_S * (UNTIL_S - MEMORY_S))
}

/** Ours: attempts for each call, and the share of the capacity that is used, with three attempts each. */
function budgeted(overload: number): { readonly perCall: number; readonly used: number } {
  const draw = seeded(12)
  const server = new Saturated()
  const budget = new RetryBudget({}, 0)
  const stepMs = 1_000 / (CAPACITY_PER_S * overload)
  let calls = 0
  for (let nowMs = 0; nowMs < 60_000; nowMs += stepMs) {
    calls += 1
    const policy = { attemptsMax: 3, hasSameEffect: true, budget }
    const attempts = new Attempts(policy, nowMs + 1_000)
    let step = attempts.begin(nowMs)
    while (step.step === 'send' || step.step === 'wait') {
      if (step.step === 'wait') step = attempts.waitOver(nowMs)
      else {
        const isAnswered = server.ask(nowMs)
        const told = { attempt: step.attempt, class: isAnswered ? 'done' : 'shed' } as const
        step = attempts.ended(told, nowMs, draw)
      }
    }
  }
  return { perCall: server.received / calls, used: server.accepted / (CAPACITY_PER_S * 60) }
}

const near = (k: number): Line['accepted'] => ({ min: k * 0.95, max: k * 1.05 })

const throttling: Paper = {
  id: 'N12',
  title: 'A client that throttles itself (SRE book), and ours, at a service that has enough',
  run: () => [
    ...[2, 1.5].flatMap((k) =>
      [2, 10].map((overload) => ({
        what: `throttle, K = ${k}, at ${overload}x: requests per capacity`,
        ours: throttled(k, overload),
        published: `${k}`,
        accepted: near(k),
      })),
    ),
    ...[2, 10].map((overload) => ({
      what: `our edge at ${overload}x: attempts for each call`,
      ours: budgeted(overload).perCall,
      published: '3 with naive retries',
      accepted: { max: 1.1 },
    })),
    {
      what: 'our edge at 10x: share of the capacity that is used',
      ours: budgeted(10).used,
      published: '1',
      accepted: { min: 0.99 },
    },
  ],
}

/** N12. */
export const throttlePapers: readonly Paper[] = [throttling]
