/**
 * Policies: pure machines that decide and never act. They take what happened, when, and a random roll,
 * and return a decision; whoever asked does the waiting and the sending.
 *
 * On the way out: cache, attempts (backoff, budget, hedge), breaker, bulkhead, balancer, ejection, resolution.
 * On the way in: rate limit, admission. Each works alone; `outcomeMeanings` is what they agree on.
 */
export { backoffMs, pacedMs } from './backoff.ts'
export { type Draw, spread } from './draw.ts'
export { outcomeMeanings, type OutcomeClass, type OutcomeMeaning } from './outcome-class.ts'
export {
  attemptMs,
  Attempts,
  type AttemptOutcome,
  type AttemptsPolicy,
  type SettleReason,
  type Step,
} from './attempts.ts'
export { RetryBudget, type RetryBudgetOptions } from './budget.ts'
export { Hedge, type HedgeOptions } from './hedge.ts'
export { RecentLatency, type LatencySample } from './latency.ts'
export { Breaker, type BreakerOptions, type BreakerPermit, type BreakerVerdict } from './breaker.ts'
export { Bulkhead, type BulkheadOptions, type Patience } from './bulkhead.ts'
export { Balancer, Endpoint, type BalancerOptions, type EndpointResult } from './balancer.ts'
export { Resolution, type ResolutionOptions } from './resolution.ts'
export { Ejection, type EjectionOptions, type EjectionResult } from './ejection.ts'
export {
  AnswerCache,
  Flight,
  type CacheDecision,
  type CacheOptions,
  type CacheQuestion,
} from './cache.ts'
export { RateLimit, type RateLimitDecision, type RateLimitOptions } from './rate-limit.ts'
export {
  Admission,
  criticalities,
  levelOf,
  type AdmissionOptions,
  type Arrival,
  type Criticality,
} from './admission.ts'
export { QueueTime, type Queued } from './queue-time.ts'
export { type DelaySource } from './recent-delays.ts'
