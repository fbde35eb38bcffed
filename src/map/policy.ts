/**
 * What the arithmetic must know of an arrow, and the numbers by which the call edge enforces it.
 *
 * The numbers are written again here because the map stands below the edge and may not ask it;
 * `policy.test.ts` lets real calls run against them, so that they cannot drift apart.
 */
import type { ResolvedPolicy } from '#model'

/** The behaviour of a call arrow, in numbers. */
export interface ArrowPolicy {
  /** All attempts of one call together end within this. */
  readonly deadlineMs: number
  /** Attempts in all, the first included. */
  readonly attemptsMax: number
  /** True if a declared value answers where the callee does not. */
  readonly hasFallback: boolean
  /** The share that retries and hedges may add to the load in the long run; `undefined`: no budget. */
  readonly budgetRatio: number | undefined
  /** True if a call that gave up tells everybody above not to try again. */
  readonly isStamped: boolean
}

/** The arrow's policy, as the numbers by which the call edge enforces it add up. */
export function policyOf({ deadlineMs, attemptsMax, fallback, edge }: ResolvedPolicy): ArrowPolicy {
  return {
    deadlineMs,
    attemptsMax,
    hasFallback: fallback !== undefined,
    budgetRatio: 1 / edge.budget.callsPerRetry,
    isStamped: true,
  }
}

/** The share of a call's time that the first of several attempts gets. */
export const FIRST_SHARE = 0.6

/** The longest wait before retry number `retry` (1 is the first), in ms: full jitter draws below it. */
export function backoffMsMax(retry: number): number {
  return Math.min(1_000, 50 * 2 ** (retry - 1))
}

/** The time that an incoming call gets if its caller names none, in ms. */
export const ENTRY_MS_DEFAULT = 5_000

/** The longest time that an incoming call may ask for, in ms. */
export const ENTRY_MS_MAX = 60_000

/** The longest time that one delivery of an event may take, in ms. */
export const DELIVERY_MS_MAX = 10_000

/** Counted failures after which an event is a dead letter. */
export const DELIVERIES_MAX = 12

/** Requests that one process of a service has inside at once, at most. */
export const INSIDE_MAX = 256

/** How far back the breaker of an operation looks, in ms. */
export const BREAKER_WINDOW_MS = 10_000
