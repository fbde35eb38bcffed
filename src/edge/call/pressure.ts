/**
 * The pressure on one instance of a service: how long its work waits before it is begun, how long it
 * then takes, and what follows from both for the next request.
 *
 * Intuition: in Node the queue is not a list that could be counted. It is in the sockets and in the
 * event loop: while one handler computes, everybody waits. So a timer is set while there is work, and
 * how much later than planned it runs is how long everything waits. Waiting for a turn (`turns.ts`) and
 * for a session of the database are the other queues. The admission decides on the longest.
 *
 * Invariants:
 *   Q1. Service times are learnt only from requests that had the process to themselves from the first
 *       byte to the last. All others contain the wait for their neighbours, and a target learnt from
 *       waits would rise with the overload that it shall show.
 *   Q2. A request is refused for lack of time only while another of its operation runs: the first one
 *       always comes in, so that an estimate that was wrong is corrected.
 *   Q3. Without work there is no timer, but for the last `PROBE_MS`.
 *
 * Source: the overload study behind ADR 0009: under overload the count of requests in flight stayed at
 * 1 to 2 while callers timed out; of those let in at 1.2 times the capacity, 94 % were in time where
 * the median was asked for, 99 % with the upper tail, 35 % where only the expired were refused.
 */
import { Admission, QueueTime, RecentLatency } from '#policy'
import type { World } from '#world'
import { Turns } from './turns.ts'

/** How often the lag of the event loop is measured while there is work, in ms. */
const PROBE_MS = 10

/**
 * Work may wait so long for its turn or its session before that counts as delay, in ms: sessions are
 * few on purpose, and a short queue is how a burst is served.
 */
const PATIENCE_MS = 80

/** Fewer solo samples say nothing about the tail. */
const SAMPLES_MIN = 20

/** A shorter wait, in ms, is not a queue. */
const QUEUED_MS = 5

/** The queue is kept so much shorter than it could be: at its end, one hiccup makes all of it late. */
const RESERVE = 1.25

/** Of the service times, this share shall fit into what is left. */
const SHARE = 0.9

/** A request that was let in. */
export interface Stay {
  readonly operation: string
  readonly beganMs: number
  readonly number: number
  /** How many were inside when it came, itself included. */
  readonly place: number
  /** How long it waited in queues of this process. */
  waitedMs: number
}

/** What an instance knows of its own load. */
export class Pressure {
  readonly admission: Admission
  readonly turns: Turns
  readonly #world: World
  readonly #tookMs = new Map<string, RecentLatency>()
  readonly #queueTime = new QueueTime()
  readonly #inside = new Map<string, number>()
  #stays = 0
  #insideInAll = 0
  /** When the probe should run; `undefined` while none is set. */
  #probeAtMs: number | undefined
  #hasWorkSince = false
  #lagMs = 0

  constructor(world: World) {
    this.#world = world
    this.admission = new Admission({}, world.clock.monotonicMs())
    this.turns = new Turns(world)
  }

  /** How long the oldest work has waited for the event loop: the last lag, or a stall that still lasts. */
  lagMs(nowMs: number): number {
    return Math.max(this.#lagMs, this.stallMs(nowMs))
  }

  /** A stall that still lasts. One that is over is one delay among others: it may have been a pause for garbage. */
  stallMs(nowMs: number): number {
    return this.#probeAtMs === undefined ? 0 : Math.max(0, nowMs - this.#probeAtMs)
  }

  /** What a request of this operation needs, in ms; 0 while nobody can know, or nobody runs (Q2). */
  neededMs(operation: string, nowMs: number): number {
    if ((this.#inside.get(operation) ?? 0) === 0) return 0
    // Before the first of a line had his turn, it is known how long they compute who wait there.
    const queueMs = this.#queueTime.expectedMs(this.#insideInAll, nowMs)
    const queuedMs = Math.max(queueMs, this.turns.lineMs)
    const aloneMs = this.aloneMs(operation, nowMs)
    // Without samples a lag proves nothing: it may be that of a process which has just begun.
    return Math.max(RESERVE * queuedMs, aloneMs === 0 ? 0 : this.lagMs(nowMs)) + aloneMs
  }

  /** What an operation needs that has the process to itself, in ms; 0 while that is not known. */
  aloneMs(operation: string, nowMs: number): number {
    const tookMs = this.#tookMs.get(operation)
    if (tookMs === undefined || tookMs.samples(nowMs) < SAMPLES_MIN) return 0
    return tookMs.quantile({ share: SHARE, nowMs }) ?? 0
  }

  /** One was let in. */
  enter(operation: string): Stay {
    const beganMs = this.#world.clock.monotonicMs()
    this.#stays += 1
    this.#insideInAll += 1
    this.#inside.set(operation, (this.#inside.get(operation) ?? 0) + 1)
    this.#probe(beganMs)
    return { operation, beganMs, number: this.#stays, place: this.#insideInAll, waitedMs: 0 }
  }

  /** It was answered. One `leave` for each `enter`. */
  leave({ operation, beganMs, number, place }: Stay): void {
    const nowMs = this.#world.clock.monotonicMs()
    const tookMs = nowMs - beganMs
    const wasAlone = place === 1 && number === this.#stays
    this.#insideInAll -= 1
    this.#inside.set(operation, (this.#inside.get(operation) ?? 1) - 1)
    this.admission.finish({ tookMs: wasAlone ? tookMs : undefined, nowMs })
    if (!wasAlone) return
    const known = this.#tookMs.get(operation) ?? new RecentLatency()
    this.#tookMs.set(operation, known)
    known.record({ tookMs, nowMs })
  }

  /** It waited so long for its turn, or its transaction for a session. */
  waited(stay: Stay, source: 'queue' | 'database', waitedMs: number): void {
    stay.waitedMs += waitedMs
    this.admission.waited(source, Math.max(0, waitedMs - PATIENCE_MS))
  }

  /** It has left all queues: its handler begins, or comes too late. */
  begins({ place, waitedMs }: Stay): void {
    if (waitedMs < QUEUED_MS) return
    this.#queueTime.learn({ ahead: place - 1, waitedMs, nowMs: this.#world.clock.monotonicMs() })
  }

  #probe(nowMs: number): void {
    this.#hasWorkSince = true
    if (this.#probeAtMs !== undefined) return
    this.#probeAtMs = nowMs + PROBE_MS
    this.#hasWorkSince = false
    this.#world.timers.after(PROBE_MS, () => this.#probed())
  }

  #probed(): void {
    const nowMs = this.#world.clock.monotonicMs()
    this.#lagMs = Math.max(0, nowMs - (this.#probeAtMs ?? nowMs))
    this.#probeAtMs = undefined
    this.admission.waited('loop', this.#lagMs)
    if (this.#insideInAll > 0 || this.#hasWorkSince) this.#probe(nowMs)
    else this.#lagMs = 0
  }
}
