/**
 * A cache of answers that decides who may serve what, and lets one caller ask for all.
 *
 * Intuition: an answer is fresh, then stale and good enough while somebody fetches a new one, then
 * stale and good enough only if nobody can. A thousand callers who miss at once are one question: the
 * first leads a flight, the others join it. The flight belongs to nobody, so that the first caller's
 * impatience does not cost the others their answer; when the last one has left, it is called off.
 *
 * Invariants:
 *   C1. At most one flight for each key; whoever finds nothing joins it.
 *   C2. A flight is called off only when its last waiter leaves; a refresh has none and is not.
 *   C3. Only `filled` by the current flight changes an entry: a failure or a late answer never does.
 *   C4. Served as fresh: younger than freshMs · 1.1. Served as stale beside a refresh: at most
 *       staleWhileRevalidateMs longer. Served instead of an error: at most staleIfErrorMs longer.
 *   C5. At most `entriesMax` entries and as many flights. The entry used longest ago makes room; a
 *       flight over the bound is not shared.
 *
 * The key must hold whatever the answer depends on: edge, operation, canonical input and identity. A
 * key without the tenant shows one tenant's answer to another. Fill it with validated answers only.
 *
 * Source: RFC 9111 and RFC 5861; Go's singleflight. A Map that keeps the order of use is forty lines
 * less than a dependency in the core and can be replayed. Rejected: caching failures (opossum replays
 * one rejection for ten seconds); a leader whose signal ends all (undici's deduplicate).
 */
import { assert } from '#errors'
import { type Draw, spread } from './draw.ts'

/** How long an answer may be used. The two stale times begin when it is no longer fresh. */
export interface CacheOptions {
  readonly freshMs: number
  /** @defaultValue 10_000 */
  readonly staleWhileRevalidateMs?: number
  /** @defaultValue 300_000 */
  readonly staleIfErrorMs?: number
  /** @defaultValue 1_000 */
  readonly entriesMax?: number
}

/** Who asks, and until when. */
export interface CacheQuestion {
  readonly key: string
  readonly nowMs: number
  readonly untilMs: number
}

/** What to do. Whoever gets a `lead` sends the question and reports `filled` or `failed`. */
export type CacheDecision<Value> =
  | { readonly decision: 'serve'; readonly value: Value; readonly isStale: boolean }
  /** Serve at once, and send the question behind the caller's back. */
  | { readonly decision: 'serve-and-refresh'; readonly value: Value; readonly lead: Flight }
  /** Send the question and wait for it. */
  | { readonly decision: 'lead'; readonly lead: Flight }
  /** Wait for the flight of another. */
  | { readonly decision: 'join'; readonly flight: Flight }
  /** Too many flights: send the question for this caller alone and keep nothing. */
  | { readonly decision: 'alone' }

interface Entry<Value> {
  readonly value: Value
  readonly freshUntilMs: number
}

const JITTER = 0.1

/** One question on its way, for all who wait for it. */
export class Flight {
  readonly key: string
  readonly isRefresh: boolean
  #waiters = 0
  #untilMs: number

  constructor({ key, untilMs }: CacheQuestion, isRefresh: boolean) {
    this.key = key
    this.isRefresh = isRefresh
    this.#untilMs = untilMs
  }

  /** The latest deadline of all who ever waited. It may grow: look again when it has passed. */
  untilMs(): number {
    return this.#untilMs
  }

  /** One more waits. */
  join(untilMs: number): void {
    this.#waiters += 1
    this.#untilMs = Math.max(this.#untilMs, untilMs)
  }

  /** One waits no more. True if nobody does. */
  leave(): boolean {
    assert(this.#waiters > 0, 'a waiter leaves once')
    this.#waiters -= 1
    return this.#waiters === 0
  }
}

/** The answers of one edge, and the questions on their way. */
export class AnswerCache<Value> {
  readonly #options: Required<CacheOptions>
  /** In order of use; who was used last stands last. */
  readonly #entries = new Map<string, Entry<Value>>()
  readonly #flights = new Map<string, Flight>()

  constructor(options: CacheOptions) {
    this.#options = {
      staleWhileRevalidateMs: 10_000,
      staleIfErrorMs: 300_000,
      entriesMax: 1_000,
      ...options,
    }
    assert(this.#options.freshMs >= 0 && this.#options.entriesMax >= 1, 'a cache keeps something')
  }

  /** Decides for one caller. */
  ask(question: CacheQuestion): CacheDecision<Value> {
    const { key, nowMs } = question
    const entry = this.#entries.get(key)
    if (entry === undefined || !this.#isUsable(entry, nowMs)) return this.#fetch(question)
    this.#touch(key, entry)
    const { value } = entry
    if (nowMs < entry.freshUntilMs) return { decision: 'serve', value, isStale: false }
    const lead = this.#takeOff(question, true)
    return lead === undefined
      ? { decision: 'serve', value, isStale: true }
      : { decision: 'serve-and-refresh', value, lead }
  }

  /** A validated answer arrived. */
  filled(flight: Flight, value: Value, nowMs: number, draw: Draw): void {
    if (!this.#land(flight)) return
    const freshMs = spread({ ms: this.#options.freshMs, share: JITTER }, draw)
    this.#touch(flight.key, { value, freshUntilMs: nowMs + freshMs })
    if (this.#entries.size > this.#options.entriesMax) this.#forgetOldest()
  }

  /** The question failed. Its waiters share the failure; the next caller asks anew. */
  failed(flight: Flight): void {
    this.#land(flight)
  }

  /** A waiter gave up. True if the flight must be called off, because it was the last. */
  leave(flight: Flight): boolean {
    return flight.leave() && !flight.isRefresh && this.#land(flight)
  }

  /** What may be served instead of an error, or when too little time is left to ask. */
  staleIfError(key: string, nowMs: number): { readonly value: Value } | undefined {
    const entry = this.#entries.get(key)
    if (entry === undefined) return undefined
    if (nowMs < entry.freshUntilMs + this.#options.staleIfErrorMs) return { value: entry.value }
    this.#entries.delete(key)
    return undefined
  }

  /** Entries and flights now, for the console. */
  sizes(): { readonly entries: number; readonly flights: number } {
    return { entries: this.#entries.size, flights: this.#flights.size }
  }

  #isUsable(entry: Entry<Value>, nowMs: number): boolean {
    return nowMs < entry.freshUntilMs + this.#options.staleWhileRevalidateMs
  }

  #fetch(question: CacheQuestion): CacheDecision<Value> {
    const flight = this.#flights.get(question.key)
    if (flight !== undefined) {
      flight.join(question.untilMs)
      return { decision: 'join', flight }
    }
    const lead = this.#takeOff(question, false)
    lead?.join(question.untilMs)
    return lead === undefined ? { decision: 'alone' } : { decision: 'lead', lead }
  }

  /** A new flight, unless there is one for the key or there are too many. */
  #takeOff(question: CacheQuestion, isRefresh: boolean): Flight | undefined {
    if (this.#flights.has(question.key)) return undefined
    if (this.#flights.size >= this.#options.entriesMax) return undefined
    const flight = new Flight(question, isRefresh)
    this.#flights.set(question.key, flight)
    return flight
  }

  /** Ends the flight. False if it was called off before, so that its answer comes too late. */
  #land(flight: Flight): boolean {
    return this.#flights.get(flight.key) === flight && this.#flights.delete(flight.key)
  }

  #touch(key: string, entry: Entry<Value>): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
  }

  #forgetOldest(): void {
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}
