/**
 * Virtual time: a list of what will happen, and a loop that lets it happen, one event at a time.
 *
 * Intuition: time does not pass, it jumps to the next event. After each event the loop waits for one
 * turn of the real event loop; then all promises that could settle have settled, and whatever happens
 * next is on the list.
 *
 * Invariants:
 *   V1. Time never goes back; an event is never run before its time.
 *   V2. An event of a dead actor is dropped, so a crash is final: no continuation of it ever runs.
 *   V3. The order of events is decided by time, by a tie-break keyed with the seed and the event's
 *       label, and then by the order of scheduling (as Node orders timers of one instant).
 *   V4. What happens to an actor whose processor is occupied stands in line; the line is first come,
 *       first served, and moves on when the processor is free.
 */
import { type Actor, runAs } from './actor.ts'
import { chance } from './chance.ts'
import { type Ordered, Queue } from './queue.ts'
import { turn } from './reality.ts'
import type { Trace } from './trace.ts'

/** Something that will happen. `run` may return a promise: then time stands still until it settles. */
export interface Happening {
  readonly afterUs: number
  /** Whose it is; `undefined` for the world itself, which never dies. */
  readonly actor?: Actor | undefined
  /** What happens, for the trace; the same in every run of the seed. */
  readonly label: string
  readonly run: () => void | Promise<void>
  /** What the processor was occupied with ends here, so it does not stand in line for it. */
  readonly endsWork?: boolean
}

/** Before all that happens at the same instant: first what ends, then the head of a line. */
const TIE = { endsWork: -2, head: -1 }

interface Entry extends Ordered {
  /** Moves only while the entry is off the queue, as does `tie`. */
  atUs: number
  tie: number
  readonly happening: Happening
  isCancelled: boolean
}

/** The list of events and the loop over it. */
export class Schedule {
  readonly #queue = new Queue<Entry>()
  /** Who waits for an actor's processor. Only the head of a line is on the queue. */
  readonly #lines = new WeakMap<Actor, Entry[]>()
  readonly #seed: number
  readonly #trace: Trace
  #nowUs = 0
  #sequence = 0
  #events = 0

  constructor(seed: number, trace: Trace) {
    this.#seed = seed
    this.#trace = trace
  }

  /** Microseconds since the world began. */
  get nowUs(): number {
    return this.#nowUs
  }

  /** Events that have happened. */
  get events(): number {
    return this.#events
  }

  /** Puts something on the list. The result takes it off again and may be called twice. */
  at(happening: Happening): () => void {
    const atUs = this.#nowUs + Math.max(0, Math.ceil(happening.afterUs))
    const tie =
      happening.endsWork === true ? TIE.endsWork : chance(this.#seed, happening.label, atUs)
    const entry: Entry = { atUs, tie, sequence: this.#sequence++, happening, isCancelled: false }
    this.#queue.push(entry)
    return () => {
      entry.isCancelled = true
    }
  }

  /** Adds a line to the trace, at the present instant. */
  note(who: string, kind: string, detail: string): void {
    this.#trace.add(this.#nowUs, who, kind, detail)
  }

  /**
   * Lets events happen until `isOver` says so or `untilUs` has come, which it has if nothing is left.
   * `between` runs after each event, at rest; time stands still meanwhile.
   */
  async run(options: {
    readonly untilUs: number
    readonly isOver: () => boolean
    readonly between: () => Promise<void> | undefined
  }): Promise<void> {
    await turn()
    while (!options.isOver()) {
      const next = this.#queue.peek()
      if (next === undefined || next.atUs > options.untilUs) {
        this.#nowUs = options.untilUs
        return
      }
      this.#queue.pop()
      if (this.#isDue(next)) {
        this.#nowUs = next.atUs
        // oxlint-disable-next-line no-await-in-loop -- one event at a time is the point.
        await this.#happen(next.happening)
        this.#moveOn(next)
        // oxlint-disable-next-line no-await-in-loop -- and nothing else until it has come to rest.
        await options.between()
      }
    }
  }

  #isDue(entry: Entry): boolean {
    const { actor } = entry.happening
    if (actor?.isDead === true) return false
    if (entry.isCancelled) {
      this.#moveOn(entry)
      return false
    }
    if (actor === undefined) return true
    if (actor.pausedUntilUs > entry.atUs) {
      entry.atUs = actor.pausedUntilUs
      this.#queue.push(entry)
      return false
    }
    return entry.happening.endsWork === true || !this.#standsInLine(entry, actor)
  }

  /** Behind whoever waits for the processor already, or at the head of a new line. */
  #standsInLine(entry: Entry, actor: Actor): boolean {
    const line = this.#lines.get(actor)
    if (line !== undefined && line[0] !== entry) {
      line.push(entry)
      return true
    }
    if (actor.busyUntilUs <= entry.atUs) return false
    if (line === undefined) this.#lines.set(actor, [entry])
    this.#toHead(entry, actor)
    return true
  }

  /** Whoever was at the head is done, so that the next one has the processor. */
  #moveOn(entry: Entry): void {
    const { actor } = entry.happening
    const line = actor && this.#lines.get(actor)
    if (actor === undefined || line?.[0] !== entry) return
    line.shift()
    const [next] = line
    if (next === undefined) this.#lines.delete(actor)
    else this.#toHead(next, actor)
  }

  #toHead(entry: Entry, actor: Actor): void {
    entry.atUs = Math.max(this.#nowUs, actor.busyUntilUs)
    entry.tie = TIE.head
    this.#queue.push(entry)
  }

  async #happen({ actor, label, run }: Happening): Promise<void> {
    this.#events += 1
    this.note(actor?.name ?? '*', 'event', label)
    const done = actor === undefined ? run() : runGuarded(actor, run)
    await turn()
    if (done instanceof Promise) {
      await done
      await turn()
    }
  }
}

function runGuarded(actor: Actor, run: () => void | Promise<void>): void | Promise<void> {
  try {
    return runAs(actor, run)
  } catch (error) {
    actor.failed(error)
  }
}
