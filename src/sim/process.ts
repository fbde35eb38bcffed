/**
 * A simulated process: a program that is started, dies, and is started again with nothing but what
 * it had written down.
 *
 * Intuition: one run of the program is an incarnation. A crash cannot unwind JavaScript's stack, but
 * it need not: the only things that can wake a dead incarnation are events, and events of the dead are
 * dropped. Whatever it still asks of the world is never answered, so no `finally` of it runs either.
 *
 * Invariants:
 *   P1. After `crash`, no line of the incarnation that awaited anything runs again.
 *   P2. At most one incarnation of a process is alive.
 *   P3. A clock reads what the process may believe: the wall clock is off by `offsetMs`, both run
 *       fast by `driftPpm`, and the monotonic one begins anew with each incarnation.
 *   P4. What occupies the processor is lost with the incarnation that it worked for.
 */
import { isHoldfastError } from '#errors'
import type { Clock, Timers, World } from '#world'
import { type Actor, never } from './actor.ts'
import { Stream } from './chance.ts'
import { placeOf } from './place.ts'
import { FREE, type Price } from './processor.ts'
import type { Schedule } from './schedule.ts'

/** What a process runs. It has exited when the promise rejects; it serves as long as it likes. */
export type Program = (incarnation: Incarnation) => Promise<void> | void

/** How wrong the clocks of a process are. */
export interface ClockError {
  /** Moves when the wall clock is set. */
  offsetMs: number
  readonly driftPpm: number
}

/** What a process needs of the world around it. */
export interface Surroundings {
  readonly seed: number
  readonly schedule: Schedule
  /** The network as this incarnation sees it. */
  readonly networkOf: (incarnation: Incarnation) => World['network']
  /** Tells the world that an incarnation died, so that its peers and its database notice. */
  readonly died: (incarnation: Incarnation) => void
  /** A bug of simulated code: it threw and nobody caught it, or it reached for the real world. */
  readonly violated: (kind: 'uncaught' | 'escape', who: string, detail: string) => void
}

/** What may make a process differ from an ordinary one: the only instance, right, and infinitely fast. */
export interface Nature {
  readonly service?: string
  readonly clockError?: ClockError
  readonly price?: Price
}

/** Monday, 5 January 2026, 00:00 UTC: when every simulated world begins. */
export const EPOCH_MS = 1_767_571_200_000

/** The monotonic clock of a fresh incarnation: not 0, which some libraries take for "never". */
const BOOT_MS = 40

/** How long a supervisor waits before it starts a program again that ended by itself, in ms. */
const RESTART_MS = 500

/** One run of a process's program. */
export class Incarnation implements Actor {
  readonly process: Process
  readonly name: string
  readonly world: World
  isDead = false
  readonly #surroundings: Surroundings
  #busyUntilUs = 0

  constructor(process: Process, number: number, surroundings: Surroundings) {
    const { seed, schedule } = surroundings
    this.process = process
    this.name = `${process.name}#${number}`
    this.#surroundings = surroundings
    this.world = {
      clock: clockOf(schedule, process.clockError),
      timers: timersOf(schedule, this, process.clockError),
      random: new Stream(seed, this.name),
      network: surroundings.networkOf(this),
    }
  }

  get pausedUntilUs(): number {
    return this.process.pausedUntilUs
  }

  get busyUntilUs(): number {
    return this.#busyUntilUs
  }

  /** Occupies the processor for so long, behind what occupies it already. */
  async occupy(costUs: number): Promise<void> {
    if (costUs === 0) return
    if (this.isDead) return never()
    const { schedule } = this.#surroundings
    this.#busyUntilUs = Math.max(schedule.nowUs, this.#busyUntilUs) + costUs
    const afterUs = this.#busyUntilUs - schedule.nowUs
    await new Promise<void>((run) => {
      schedule.at({ afterUs, actor: this, label: 'worked', run, endsWork: true })
    })
  }

  /** The seed of its world. */
  get seed(): number {
    return this.#surroundings.seed
  }

  failed(error: unknown): void {
    if (this.isDead) return
    this.#surroundings.violated('uncaught', this.name, describedWithPlace(error))
    this.process.crash('uncaught error')
  }

  escaped(what: string, stack: string | undefined): void {
    if (this.isDead) return
    const place = placeOf(stack) ?? 'a line that is not known'
    this.#surroundings.violated('escape', this.name, `${what} at ${place}`)
    this.process.crash('it left the simulated world')
  }
}

/** A process and its program. */
export class Process {
  readonly name: string
  /** What it is an instance of; its own name if it is the only one. */
  readonly service: string
  readonly clockError: ClockError
  readonly price: Price
  readonly #program: Program
  readonly #surroundings: Surroundings
  #alive: Incarnation | undefined
  #count = 0
  #pausedUntilUs = 0
  #lastWords = 'was never started'

  constructor(
    name: string,
    program: Program,
    surroundings: Surroundings,
    { service = name, clockError = { offsetMs: 0, driftPpm: 0 }, price = FREE }: Nature = {},
  ) {
    this.name = name
    this.service = service
    this.clockError = clockError
    this.price = price
    this.#program = program
    this.#surroundings = surroundings
  }

  /** The incarnation that runs now. */
  get alive(): Incarnation | undefined {
    return this.#alive
  }

  /** Why the last incarnation died. */
  get lastWords(): string {
    return this.#lastWords
  }

  get pausedUntilUs(): number {
    return this.#pausedUntilUs
  }

  /** Starts the program after `delayMs`, unless it runs by then. */
  start(delayMs = 0): void {
    const { schedule } = this.#surroundings
    const label = `start ${this.name}`
    schedule.at({ afterUs: delayMs * 1000, label, run: () => this.#boot() })
  }

  /** Kills the incarnation that runs now, between two of its events. */
  crash(why: string): void {
    const dead = this.#alive
    if (dead === undefined) return
    dead.isDead = true
    this.#alive = undefined
    this.#pausedUntilUs = 0
    this.#lastWords = why
    this.#surroundings.schedule.note(dead.name, 'crash', why)
    this.#surroundings.died(dead)
  }

  /** The program ends by itself; a supervisor starts it again. */
  exit(why: string): void {
    if (this.#alive === undefined) return
    this.crash(why)
    this.start(RESTART_MS)
  }

  /** Holds all events of the process back for `ms`, while the clocks go on. */
  pause(ms: number): void {
    const { schedule } = this.#surroundings
    this.#pausedUntilUs = schedule.nowUs + ms * 1000
    schedule.note(this.name, 'pause', `${ms} ms`)
  }

  /** Sets the wall clock `ms` forward, or back. Timers and the monotonic clock do not notice. */
  jump(ms: number): void {
    this.clockError.offsetMs += ms
    this.#surroundings.schedule.note(this.name, 'jump', `${ms.toFixed(0)} ms`)
  }

  #boot(): void {
    if (this.#alive !== undefined) return
    this.#count += 1
    const incarnation = new Incarnation(this, this.#count, this.#surroundings)
    this.#alive = incarnation
    this.#surroundings.schedule.at({
      afterUs: 0,
      actor: incarnation,
      label: 'main',
      run: () => this.#runProgram(incarnation),
    })
  }

  #runProgram(incarnation: Incarnation): void {
    const exited = (error: unknown): void => {
      if (!incarnation.isDead) this.exit(`exited: ${describedWithPlace(error)}`)
    }
    void Promise.resolve()
      .then(() => this.#program(incarnation))
      .catch(exited)
  }
}

function clockOf(schedule: Schedule, error: ClockError): Clock {
  const bootUs = schedule.nowUs
  const pace = (1 + error.driftPpm * 1e-6) / 1000
  return {
    monotonicMs: () => BOOT_MS + (schedule.nowUs - bootUs) * pace,
    wallMs: () => EPOCH_MS + error.offsetMs + schedule.nowUs * pace,
  }
}

function timersOf(schedule: Schedule, actor: Incarnation, { driftPpm }: ClockError): Timers {
  return {
    after: (delayMs, run) => {
      if (actor.isDead) return () => {}
      const afterUs = (Math.max(0, delayMs) * 1000) / (1 + driftPpm * 1e-6)
      return schedule.at({ afterUs, actor, label: 'timer', run })
    },
  }
}

/** Further lines of a message draw, compare or quote; one is the sentence. */
export function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

/** The same, and the line of the user's that threw it. */
export function describedWithPlace(error: unknown): string {
  const place = error instanceof Error ? placeOf(error.stack) : undefined
  return place === undefined ? described(error) : `${described(error)} (${place})`
}

/** Causes that are told of one error. */
const CAUSES_MAX = 3

/** An error and its causes in one line, for people. */
export function described(error: unknown, depth = 0): string {
  if (!(error instanceof Error)) return String(error)
  const name = isHoldfastError(error) ? error.code : error.name
  const words = `${name}: ${firstLine(error.message)}`
  if (error.cause === undefined || depth >= CAUSES_MAX) return words
  return `${words} <- ${described(error.cause, depth + 1)}`
}
