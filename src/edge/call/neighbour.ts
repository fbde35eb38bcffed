/**
 * What one process knows of a callee over one edge, from call to call: how many retries it can
 * afford, how many calls are under way, and which endpoint is how fast.
 *
 * Intuition: these belong to the edge and not to the operation. A callee that is down is down for all
 * its operations, and a budget for each of them would be as many budgets as there are operations.
 *
 * Invariants:
 *   N1. After all calls have ended no permit is taken: `inFlight` is 0, and so is each `pending`.
 *   N2. The endpoints are those that `resolve` named last; a known one keeps its past.
 */
import type { EdgePolicy } from '#model'
import { Balancer, Bulkhead, type Draw, Ejection, type Endpoint, RetryBudget } from '#policy'
import type { Clock } from '#world'

/** Who waits in a bulkhead: woken when it has a slot. */
export interface Waiter {
  wake(): void
}

/** The callee at the other end of an edge, as this process sees it. */
export class Neighbour {
  readonly budget: RetryBudget
  readonly bulkhead: Bulkhead<Waiter>
  readonly #balancer: Balancer
  readonly #ejection: Ejection
  readonly #clock: Clock
  #origins: readonly string[] = []

  constructor(policy: EdgePolicy, clock: Clock) {
    const { decayMs, penaltyMs, slowStartMs, failuresInARowMax, ejectMs, ejectedShareMax } =
      policy.endpoints
    this.#clock = clock
    this.budget = new RetryBudget(policy.budget, clock.monotonicMs())
    this.bulkhead = new Bulkhead(policy.bulkhead)
    this.#balancer = new Balancer({ decayMs, penaltyMs, slowStartMs })
    this.#ejection = new Ejection({
      consecutiveMax: failuresInARowMax,
      ejectMs,
      shareMax: ejectedShareMax,
    })
  }

  /** True if there is another endpoint to turn to. */
  get hasChoice(): boolean {
    return this.#origins.length > 1
  }

  /** The endpoints that exist now. */
  update(origins: readonly string[]): void {
    if (origins === this.#origins || origins.join(' ') === this.#origins.join(' ')) return
    this.#origins = origins
    this.#balancer.update(origins, this.#clock.monotonicMs())
    this.#ejection.update(origins)
  }

  /** An endpoint for an attempt, if possible one that the call has not tried. */
  pick(tried: readonly string[], draw: Draw): Endpoint | undefined {
    const nowMs = this.#clock.monotonicMs()
    const isEligible = ({ id }: Endpoint): boolean => this.#ejection.isEligible(id, nowMs)
    const isNew = (endpoint: Endpoint): boolean =>
      !tried.includes(endpoint.id) && isEligible(endpoint)
    const isAnyNew = tried.length > 0 && this.#balancer.endpoints().some(isNew)
    return this.#balancer.pick(nowMs, draw, isAnyNew ? isNew : isEligible)
  }

  /** An attempt ended well, or by the endpoint's fault. */
  judge(id: string, verdict: 'success' | 'failure', beganMs: number, draw: Draw): void {
    this.#ejection.record({ id, verdict, beganMs, nowMs: this.#clock.monotonicMs() }, draw)
  }

  /** Permits that are taken now: the ledger of N1. */
  permits(): number {
    const pending = this.#balancer.endpoints().map((endpoint) => endpoint.pending())
    return pending.reduce((sum, each) => sum + each, this.bulkhead.inFlight())
  }
}
