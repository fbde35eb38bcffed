/**
 * Worst-case latency: how long a handler may wait for its neighbours.
 *
 * Intuition: a call never outlasts its deadline, all attempts and waits included, so a handler waits
 * at most for the sum of the deadlines of its calls. Most clients read the same two numbers as "three
 * attempts of two seconds each": that sum stands beside it, to see what the deadline is worth.
 *
 * For an edge with deadline D and A attempts, and a callee that answers within W:
 *
 *   enforced    T = min(D, Σ min(aᵢ, W) + Σ Bᵢ)     a₁ = 0.6 D, aᵢ = what is left; Bᵢ longest waits
 *   unenforced  U = A · min(D, W) + Σ Bᵢ            D per attempt, nobody hands down what is left
 *   handler     W = work + Σ times · T              calls one after the other
 *
 * Where the time of the work itself is unknown, W is unbounded and T = D: nothing is guessed.
 *
 * Invariants:
 *   L1. enforced ≤ D, and enforced ≤ unenforced.
 *   L2. Both grow with D, with A and with W.
 *   L3. A handler waits for the sum of its calls: ten in a row cost the sum of ten.
 */
import { at } from './at.ts'
import type { Calling, Step } from './calling.ts'
import { type ArrowPolicy, backoffMsMax, FIRST_SHARE } from './policy.ts'

/** Two answers to "how long at worst?", in ms. */
export interface Latency {
  /** What the code guarantees. */
  readonly enforcedMs: number
  /** What the same declaration would allow if its deadline held for each attempt alone. */
  readonly unenforcedMs: number
}

/** How long one call may take, to a callee that answers within `callee`. */
export function callLatency(policy: ArrowPolicy, callee: Latency): Latency {
  return {
    enforcedMs: enforcedMs(policy, callee.enforcedMs),
    unenforcedMs:
      policy.attemptsMax * Math.min(policy.deadlineMs, callee.unenforcedMs) +
      waitsMs(policy.attemptsMax),
  }
}

function enforcedMs({ deadlineMs, attemptsMax }: ArrowPolicy, calleeMs: number): number {
  let tookMs = 0
  for (let attempt = 1; attempt <= attemptsMax && tookMs < deadlineMs; attempt += 1) {
    const isFirstOfSeveral = attempt === 1 && attemptsMax > 1
    const attemptMs = isFirstOfSeveral ? deadlineMs * FIRST_SHARE : deadlineMs - tookMs
    tookMs += Math.min(attemptMs, calleeMs)
    if (attempt < attemptsMax) tookMs += backoffMsMax(attempt)
  }
  return Math.min(deadlineMs, tookMs)
}

/** The longest waits between so many attempts, added up. */
function waitsMs(attempts: number): number {
  let sumMs = 0
  for (let retry = 1; retry < attempts; retry += 1) sumMs += backoffMsMax(retry)
  return sumMs
}

/** How long the work of a handler takes by itself, in ms; `undefined` if nobody said. */
export type WorkMs = (handler: string) => number | undefined

/** How long each handler may wait for its neighbours, by its position. */
export function waitsOf(calling: Calling, workMs: WorkMs): readonly Latency[] {
  const waits: Latency[] = []
  // Callees stand behind their callers, so they are known when their callers are reached.
  for (let place = calling.handlers.length - 1; place >= 0; place -= 1) {
    waits[place] = sum(
      at(calling.steps, place).map((step) => stepLatency(calling, waits, step, workMs)),
    )
  }
  return waits
}

/** How long the calls of one step may take, each after the other. */
export function stepLatency(
  { handlers, loopOf }: Calling,
  waits: readonly Latency[],
  { to, times, arrow }: Step,
  workMs: WorkMs,
): Latency {
  const work = loopOf.has(to) ? undefined : workMs(at(handlers, to).name)
  const callee = work === undefined ? UNBOUNDED : sum([at(waits, to), both(work)])
  const one = callLatency(arrow.policy, callee)
  return { enforcedMs: times * one.enforcedMs, unenforcedMs: times * one.unenforcedMs }
}

const UNBOUNDED: Latency = both(Infinity)

function both(ms: number): Latency {
  return { enforcedMs: ms, unenforcedMs: ms }
}

function sum(all: readonly Latency[]): Latency {
  return {
    enforcedMs: all.reduce((total, { enforcedMs: ms }) => total + ms, 0),
    unenforcedMs: all.reduce((total, { unenforcedMs: ms }) => total + ms, 0),
  }
}
