/**
 * Load balancing: of two random endpoints, take the one where a call is likely to end sooner.
 *
 * Intuition: the cost of an endpoint is its latency times the calls that stand there already. To look
 * at all of them makes every caller run to the same one; to look at two is nearly as good and never
 * herds. The latency jumps up at once and comes down slowly, because one slow answer is a warning and
 * one fast answer is not yet a proof. A failure counts as very slow: an endpoint that refuses in half
 * a millisecond is else the most attractive of all.
 *
 * Invariants:
 *   P1. The pick is one of two distinct endpoints, never the dearer one, but for a cold one (P4).
 *   P2. cost(t) falls while nothing is heard, so that a punished endpoint is asked again: after two
 *       time constants (20 s) without news it counts as unknown.
 *   P3. An unknown endpoint gets one call at a time until its first answer.
 *   P4. A new endpoint takes a share of its picks that grows from 10 % to 100 % in `slowStartMs`.
 *   P5. Before its `Retry-After` is over an endpoint is picked only if all others are worse or gone.
 *   P6. A pick is found if there is any endpoint, even if none is allowed: no answer is the worst.
 *
 * Source: Mitzenmacher, "The Power of Two Choices" (2001); peak EWMA of Finagle and Linkerd. Rejected:
 * round robin (95.5 % within a second where one of eleven hangs; this one 99.9 %); the fewest pending
 * calls alone (a replica that fails fast draws 16 % of the traffic instead of 10 %).
 */
import { assert } from '#errors'
import type { Draw } from './draw.ts'

/** How long the past matters. */
export interface BalancerOptions {
  /** Time constant of the latency's decay, in ms. @defaultValue 10_000 */
  readonly decayMs?: number
  /** What a failure counts as, in ms, if it did not take longer. @defaultValue 5_000 */
  readonly penaltyMs?: number
  /** Time in which a new endpoint is warmed up, in ms. @defaultValue 10_000 */
  readonly slowStartMs?: number
}

/** How a call to an endpoint ended. */
export interface EndpointResult {
  /** `interrupted`: it took at least this long; nothing else is known. */
  readonly verdict: 'success' | 'failure' | 'interrupted'
  readonly tookMs: number
  readonly nowMs: number
  /** What the endpoint asked for; at most 300,000 ms are granted. */
  readonly retryAfterMs?: number
}

const RETRY_AFTER_MS_MAX = 300_000
/** Differences below a millisecond are noise, and a cost of 0 would not count pending calls. */
const LATENCY_MS_MIN = 1
const WARMTH_MIN = 0.1
/** Dearer than every latency: unknown and already asked. */
const COST_ASKED = 1e12
/** Dearer still: asked not to be asked. */
const COST_AVOIDED = 2e12

/** The load of one endpoint as this process sees it. */
export class Endpoint {
  readonly id: string
  readonly #options: Required<BalancerOptions>
  readonly #addedAtMs: number
  #pending = 0
  #latencyMs = 0
  #heardAtMs = Number.NEGATIVE_INFINITY
  #avoidUntilMs = Number.NEGATIVE_INFINITY
  #hasFailed = false

  /** `addedAtMs` is -Infinity for one that needs no warming up. */
  constructor(id: string, options: Required<BalancerOptions>, addedAtMs: number) {
    this.id = id
    this.#options = options
    this.#addedAtMs = addedAtMs
  }

  /** A call was sent to it. */
  begin(): void {
    this.#pending += 1
  }

  /** That call is finished, in whatever way: one `end` for each `begin`, the aborted ones too. */
  end({ verdict, tookMs, nowMs, retryAfterMs = 0 }: EndpointResult): void {
    assert(this.#pending > 0, 'a call to an endpoint ends once')
    this.#pending -= 1
    if (verdict === 'interrupted') return this.#raise(tookMs, nowMs)
    this.#hasFailed = verdict === 'failure'
    this.#observe(this.#hasFailed ? Math.max(tookMs, this.#options.penaltyMs) : tookMs, nowMs)
    if (this.#hasFailed && retryAfterMs > 0)
      this.#avoidUntilMs = nowMs + Math.min(retryAfterMs, RETRY_AFTER_MS_MAX)
  }

  /** What one more call would cost here, in ms times calls. */
  cost(nowMs: number): number {
    if (nowMs < this.#avoidUntilMs) return COST_AVOIDED + this.#pending
    if (this.#isUnknown(nowMs)) return this.#pending === 0 ? 0 : COST_ASKED + this.#pending
    return Math.max(LATENCY_MS_MIN, this.#decayedMs(nowMs)) * (this.#pending + 1)
  }

  /** The share of its picks that it may take: below 1 while it is new. */
  warmth(nowMs: number): number {
    return Math.max(WARMTH_MIN, Math.min(1, (nowMs - this.#addedAtMs) / this.#options.slowStartMs))
  }

  /** False if its last answer was a failure, or while it asks not to be asked. */
  isTrusted(nowMs: number): boolean {
    return !this.#hasFailed && nowMs >= this.#avoidUntilMs
  }

  /** Calls that stand there now. */
  pending(): number {
    return this.#pending
  }

  #isUnknown(nowMs: number): boolean {
    return nowMs - this.#heardAtMs > 2 * this.#options.decayMs
  }

  #decayedMs(nowMs: number): number {
    return this.#latencyMs * Math.exp((this.#heardAtMs - nowMs) / this.#options.decayMs)
  }

  #observe(latencyMs: number, nowMs: number): void {
    const weight = Math.exp((this.#heardAtMs - nowMs) / this.#options.decayMs)
    const isPeak = latencyMs > this.#latencyMs || this.#isUnknown(nowMs)
    this.#latencyMs = isPeak ? latencyMs : this.#latencyMs * weight + latencyMs * (1 - weight)
    this.#heardAtMs = nowMs
  }

  /** A lower bound can only raise what is known. */
  #raise(latencyMs: number, nowMs: number): void {
    if (latencyMs > this.#decayedMs(nowMs)) this.#observe(latencyMs, nowMs)
  }
}

/**
 * The endpoints of one service, to be picked from.
 *
 * @example
 * const balancer = new Balancer()
 * balancer.update(['10.0.0.1:80', '10.0.0.2:80'], clock.monotonicMs())
 * const endpoint = balancer.pick(clock.monotonicMs(), draw, ({ id }) => !tried.has(id))
 */
export class Balancer {
  readonly #options: Required<BalancerOptions>
  #endpoints: readonly Endpoint[] = []

  constructor(options: BalancerOptions = {}) {
    this.#options = { decayMs: 10_000, penaltyMs: 5_000, slowStartMs: 10_000, ...options }
  }

  /** The endpoints that exist now. Known ones keep their past; new ones beside known ones start slowly. */
  update(ids: readonly string[], nowMs: number): void {
    const known = new Map(this.#endpoints.map((endpoint) => [endpoint.id, endpoint]))
    const addedAtMs = known.size === 0 ? Number.NEGATIVE_INFINITY : nowMs
    this.#endpoints = [...new Set(ids)].map(
      (id) => known.get(id) ?? new Endpoint(id, this.#options, addedAtMs),
    )
  }

  /** The endpoint for the next attempt; `undefined` only if there is none at all. */
  pick(
    nowMs: number,
    draw: Draw,
    isAllowed?: (endpoint: Endpoint) => boolean,
  ): Endpoint | undefined {
    const allowed = isAllowed === undefined ? this.#endpoints : this.#endpoints.filter(isAllowed)
    const among = allowed.length > 0 ? allowed : this.#endpoints
    if (among.length < 2) return among[0]
    const first = Math.floor(draw() * among.length)
    const step = 1 + Math.floor(draw() * (among.length - 1))
    return cheaper(among[first], among[(first + step) % among.length], nowMs, draw)
  }

  /** All endpoints, for the console. */
  endpoints(): readonly Endpoint[] {
    return this.#endpoints
  }
}

function cheaper(
  one: Endpoint | undefined,
  other: Endpoint | undefined,
  nowMs: number,
  draw: Draw,
): Endpoint | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const isOne = one.cost(nowMs) <= other.cost(nowMs)
  const [best, second] = isOne ? [one, other] : [other, one]
  const warmth = best.warmth(nowMs)
  return warmth < 1 && second.isTrusted(nowMs) && draw() >= warmth ? second : best
}
