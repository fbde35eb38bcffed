/**
 * A circuit breaker: while most calls to a callee fail, do not send them.
 *
 * Intuition: a fuse that tries itself out. Closed, it counts. Open, it answers at once, which costs
 * the caller nothing and gives the callee air. After a while it lets one call through, then five, and
 * closes if they went well. Each permit carries the generation in which it was given: a call that was
 * sent before the circuit opened says nothing about the callee after it.
 *
 * Invariants:
 *   K1. A result counts only in the generation that gave its permit; each generation ends in one
 *       change of state, so nothing counts twice.
 *   K2. The circuit opens only on at least `callsMin` results of the last ten seconds, of which
 *       `failureShare` failed, or `badShare` failed or were slow.
 *   K3. What is `ignored` (4xx, 429, cancelled, stopped on this side) moves nothing.
 *   K4. Half-open admits exactly 1 call, then exactly 5; the rest is refused and does not queue.
 *   K5. It stays open for min(openMsMax, openMs · 2^n) ± 20 %, n openings since it was last closed.
 *   K6. Permits that never come back hold half-open for `trialMsMax` at most; then they have failed.
 *
 * Use one per (edge, operation, shard class), never one per system: a circuit that opens because one
 * shard is dead turns a partial failure into a total one. One bad endpoint is the ejection's business.
 *
 * Source: Nygard, "Release It!"; the windows of resilience4j; Polly #217 and cockatiel for results
 * that hang over. Rejected: counting consecutive failures (any success hides an outage of 90 %); a
 * count without a minimum (opossum opens on the first failure); queueing behind the trial.
 */
import { assert } from '#errors'
import { type Draw, spread } from './draw.ts'
import { SlidingCounts } from './sliding-counts.ts'

/** When the circuit opens and for how long. */
export interface BreakerOptions {
  /** Results that must be known before any verdict. @defaultValue 20 */
  readonly callsMin?: number
  /** Share of failures that opens. @defaultValue 0.5 */
  readonly failureShare?: number
  /** Share of failures and slow successes together that opens. @defaultValue 0.8 */
  readonly badShare?: number
  /** First time open, in ms. @defaultValue 1_000 */
  readonly openMs?: number
  /** Longest time open, in ms, before the jitter of ± 20 %. @defaultValue 30_000 */
  readonly openMsMax?: number
  /** How long half-open waits for permits that do not come back, in ms. @defaultValue 10_000 */
  readonly trialMsMax?: number
}

/** `slow`: a success that took nearly the whole attempt (0.9 of its timeout, say). */
export type BreakerVerdict = 'success' | 'slow' | 'failure' | 'ignored'

/** The generation in which a call was let through: one object for all its calls. Give it back. */
export interface BreakerPermit {
  readonly generation: number
}

interface Trial {
  readonly size: number
  inFlight: number
  succeeded: number
  failed: number
  admittedAtMs: number
}

type State =
  | { readonly name: 'closed' }
  | { readonly name: 'open'; readonly untilMs: number }
  | { readonly name: 'half-open'; readonly trial: Trial }

const CALLS = 0
const FAILED = 1
const BAD = 2
const JITTER = 0.2
const TRIAL_FIRST = 1
const TRIAL_LAST = 5
const CLOSED: State = { name: 'closed' }

/**
 * One circuit.
 *
 * @example
 * const permit = breaker.tryAcquire(clock.monotonicMs(), draw)
 * if (permit === undefined) return refuse(breaker.retryAfterMs(clock.monotonicMs()))
 * // ... the call ...
 * breaker.record(permit, 'success', clock.monotonicMs(), draw)
 */
export class Breaker {
  readonly #options: Required<BreakerOptions>
  readonly #counts = new SlidingCounts({ slices: 10, sliceMs: 1_000, columns: 3 })
  #state: State = CLOSED
  #permit: BreakerPermit = { generation: 1 }
  #openings = 0

  constructor(options: BreakerOptions = {}) {
    this.#options = {
      callsMin: 20,
      failureShare: 0.5,
      badShare: 0.8,
      openMs: 1_000,
      openMsMax: 30_000,
      trialMsMax: 10_000,
      ...options,
    }
    assert(this.#options.failureShare > 0 && this.#options.badShare > 0, 'a share is positive')
  }

  /** Lets one call through, or not. Every permit must come back in `record`, whatever happens. */
  tryAcquire(nowMs: number, draw: Draw): BreakerPermit | undefined {
    if (this.#state.name === 'open' && nowMs >= this.#state.untilMs) this.#tryOut(TRIAL_FIRST)
    if (this.#state.name === 'half-open' && !this.#admit(this.#state.trial, nowMs, draw))
      return undefined
    return this.#state.name === 'open' ? undefined : this.#permit
  }

  /** Says how the permitted call ended. */
  record(permit: BreakerPermit, verdict: BreakerVerdict, nowMs: number, draw: Draw): void {
    if (permit !== this.#permit) return
    if (this.#state.name === 'closed') this.#count(verdict, nowMs, draw)
    if (this.#state.name === 'half-open' && permit === this.#permit)
      this.#take(this.#state.trial, verdict, nowMs, draw)
  }

  /** The state as a caller would meet it now. */
  state(nowMs: number): State['name'] {
    const { name } = this.#state
    return name === 'open' && this.retryAfterMs(nowMs) === 0 ? 'half-open' : name
  }

  /** How long every call will still be refused, in ms; 0 unless open. */
  retryAfterMs(nowMs: number): number {
    return this.#state.name === 'open' ? Math.max(0, this.#state.untilMs - nowMs) : 0
  }

  #count(verdict: BreakerVerdict, nowMs: number, draw: Draw): void {
    if (verdict === 'ignored') return
    const counts = this.#counts.at(nowMs)
    counts.add(CALLS)
    if (verdict === 'success') return
    counts.add(BAD)
    if (verdict === 'failure') counts.add(FAILED)
    const { callsMin, failureShare, badShare } = this.#options
    const calls = counts.total(CALLS)
    if (calls < callsMin) return
    const hasFailed = counts.total(FAILED) >= failureShare * calls
    if (hasFailed || counts.total(BAD) >= badShare * calls) this.#open(nowMs, draw)
  }

  #admit(trial: Trial, nowMs: number, draw: Draw): boolean {
    if (trial.inFlight + trial.succeeded + trial.failed < trial.size) {
      trial.inFlight += 1
      trial.admittedAtMs = nowMs
      return true
    }
    if (nowMs - trial.admittedAtMs < this.#options.trialMsMax) return false
    trial.failed += trial.inFlight
    trial.inFlight = 0
    this.#conclude(trial, nowMs, draw)
    return this.#state.name === 'closed'
  }

  #take(trial: Trial, verdict: BreakerVerdict, nowMs: number, draw: Draw): void {
    trial.inFlight -= 1
    if (verdict === 'success') trial.succeeded += 1
    else if (verdict !== 'ignored') trial.failed += 1
    this.#conclude(trial, nowMs, draw)
  }

  /** A trial is judged by the share that the window is judged by: what closes would stay closed. */
  #conclude(trial: Trial, nowMs: number, draw: Draw): void {
    if (trial.failed >= this.#options.failureShare * trial.size) this.#open(nowMs, draw)
    else if (trial.succeeded + trial.failed < trial.size) return
    else if (trial.size === TRIAL_FIRST) this.#tryOut(TRIAL_LAST)
    else this.#close()
  }

  #open(nowMs: number, draw: Draw): void {
    const { openMs, openMsMax } = this.#options
    const ms = Math.min(openMsMax, openMs * 2 ** this.#openings)
    this.#openings += 1
    this.#enter({ name: 'open', untilMs: nowMs + spread({ ms, share: JITTER }, draw) })
  }

  #tryOut(size: number): void {
    const trial = { size, inFlight: 0, succeeded: 0, failed: 0, admittedAtMs: 0 }
    this.#enter({ name: 'half-open', trial })
  }

  #close(): void {
    this.#openings = 0
    this.#counts.clear()
    this.#enter(CLOSED)
  }

  #enter(state: State): void {
    this.#state = state
    this.#permit = { generation: this.#permit.generation + 1 }
  }
}
