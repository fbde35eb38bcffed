/**
 * Turns: how many handlers begin before the process listens to the network again.
 *
 * Intuition: a clerk who works off a pile without looking up. In Node a chunk of a socket can hold sixty
 * requests, and their handlers would run one behind the other before the next byte is read, the next
 * timer runs or the first answer leaves: at 10 ms each, everybody would be late. So only as many begin
 * as fit into a few milliseconds, by what one took lately; the others wait for the next turn of the
 * event loop, in a line whose length can be seen and whose end can be refused in time.
 *
 * Invariants:
 *   T1. In one turn at least one begins, and no more than fitted into `TURN_MS` lately.
 *   T2. They begin in the order in which they came.
 *   T3. Between two turns the loop goes round: what was answered leaves, and what arrived is received, as
 *       long as something arrives and for `TURN_MS` at most.
 *   T4. Without work nothing is scheduled. A world whose handlers take no time has no turns.
 *
 * Rejected: to look at the clock before each handler (all of a chunk pass that point before the first of
 * them computes); a thread for the handlers (what they share could not be shared).
 */
import type { World } from '#world'

/** A turn of the event loop should take no longer, in ms: what arrives waits for it. */
const TURN_MS = 5

/** In a round that took less, in ms, nothing arrived. */
const QUIET_MS = 0.05

/**
 * Weights of one turn in what is known of how long a handler takes. A turn holds other work, too
 * (refusals, answers, a pause for garbage), so that the shorter ones say more.
 */
const WEIGHT_UP = 0.1
const WEIGHT_DOWN = 0.5

/** Gives handlers their turn. */
export class Turns {
  readonly #world: Pick<World, 'clock' | 'timers'>
  /** In order. As many at most as are inside the process. */
  readonly #waiting: (() => void)[] = []
  /** When the first handler of this turn began; `undefined` between two turns. */
  #beganMs: number | undefined
  #begun = 0
  /** What one handler takes of a turn, as it was lately, in ms; 0 while nobody knows. */
  #eachMs = 0

  constructor(world: Pick<World, 'clock' | 'timers'>) {
    this.#world = world
  }

  /** How long they will compute who wait for their turn, in ms. */
  get lineMs(): number {
    return this.#waiting.length * this.#eachMs
  }

  /** `undefined` if a handler may begin now; else resolves when it is its turn. */
  take(): Promise<void> | undefined {
    const { nextTurn } = this.#world.timers
    if (nextTurn === undefined) return undefined
    if (this.#waiting.length === 0 && this.#hasRoom()) {
      this.#begin(nextTurn)
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #hasRoom(): boolean {
    return this.#begun === 0 || (this.#begun + 1) * this.#eachMs <= TURN_MS
  }

  #begin(nextTurn: (run: () => void) => void): void {
    this.#begun += 1
    if (this.#beganMs !== undefined) return
    this.#beganMs = this.#world.clock.monotonicMs()
    nextTurn(() => {
      this.#learn()
      if (this.#waiting.length > 0)
        this.#goRound(nextTurn, this.#world.clock.monotonicMs() + TURN_MS)
      else this.#begun = 0
    })
  }

  /**
   * Goes round once, so that the answers of this turn leave before the next, and again as long as
   * somebody arrives: the loop accepts few connections at a time, and who is not accepted cannot be
   * refused in time.
   */
  #goRound(nextTurn: (run: () => void) => void, untilMs: number): void {
    const { clock } = this.#world
    const sinceMs = clock.monotonicMs()
    nextTurn(() => {
      const nowMs = clock.monotonicMs()
      if (nowMs - sinceMs < QUIET_MS || nowMs >= untilMs) this.#open(nextTurn)
      else this.#goRound(nextTurn, untilMs)
    })
  }

  #learn(): void {
    const tookMs = this.#world.clock.monotonicMs() - (this.#beganMs ?? 0)
    const sampleMs = tookMs / this.#begun
    this.#eachMs += (sampleMs < this.#eachMs ? WEIGHT_DOWN : WEIGHT_UP) * (sampleMs - this.#eachMs)
    this.#beganMs = undefined
  }

  /** A new turn: those who waited longest begin. */
  #open(nextTurn: (run: () => void) => void): void {
    this.#begun = 0
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      this.#begin(nextTurn)
      this.#waiting.shift()?.()
    }
  }
}
