/**
 * A timer wheel: the timers of one world on a single timer of the machine.
 *
 * Intuition: a dial with one slot for each of the next 4,096 milliseconds. To set a timer is to hang
 * it into the slot of its millisecond, to cancel one is to unhook it; nothing is sorted, and nothing
 * is made at the machine. One alarm rings at the first slot that is not empty. Nearly every timer of
 * an edge is a deadline that is cancelled a moment later, so nearly none of them ever meets the alarm.
 *
 * Invariants:
 *   W1. A timer runs once, not before its time by the clock, and not after it was cancelled.
 *   W2. Timers run in the order of their milliseconds; those of one millisecond in the order of setting.
 *   W3. While a timer waits, the alarm is set for its millisecond or for one before it.
 *   W4. The alarm keeps the process alive exactly while a timer waits.
 *   W5. A timer that throws takes no other with it.
 *
 * What waits for longer than one turn of the dial stays in its slot and is passed over once a turn.
 *
 * Source: Varghese and Lauck, "Hashed and hierarchical timing wheels" (SOSP 1987), scheme 6. Rejected:
 * a timer of Node for each deadline (with its signal it costs as much as all policies of a call
 * together); a heap (either cancelled deadlines fill it, or each cancellation searches).
 */
import type { Clock, Timers } from './world.ts'

/** One timer of the machine. */
export interface Alarm {
  /** Rings once after `delayMs`, instead of at the moment that was set before; keeps the process alive. */
  set(delayMs: number, ring: () => void): void
  /** Whether the process stays alive until it rings. */
  keepAlive(isNeeded: boolean): void
}

/** Slots of one millisecond each: longer than nearly all deadlines. */
const SLOTS = 4_096

const NEVER = Number.POSITIVE_INFINITY

/** The timers of one world. */
export class TimerWheel implements Timers {
  readonly #clock: Clock
  readonly #alarm: Alarm
  readonly #slots: readonly Timer[] = Array.from({ length: SLOTS }, () => new Timer(NEVER))
  /** 1 where a slot may be in use, for a fast search. */
  readonly #used = new Uint8Array(SLOTS)
  /** All timers before this millisecond have run. */
  #nextTick = 0
  #alarmTick = NEVER
  #waiting = 0

  constructor(clock: Clock, alarm: Alarm) {
    this.#clock = clock
    this.#alarm = alarm
  }

  /** Timers that neither ran nor were cancelled. */
  get waiting(): number {
    return this.#waiting
  }

  after(delayMs: number, run: () => void): () => void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#waiting === 0) this.#nextTick = Math.max(this.#nextTick, Math.floor(nowMs))
    const dueMs = nowMs + Math.max(0, delayMs)
    const timer = new Timer(Math.max(this.#nextTick, Math.ceil(dueMs)), run)
    this.#hang(timer)
    this.#waiting += 1
    if (timer.tick < this.#alarmTick) this.#setAlarm(timer.tick, nowMs)
    else if (this.#waiting === 1) this.#alarm.keepAlive(true)
    return () => {
      if (timer.run !== undefined) this.#takeOut(timer)
    }
  }

  #hang(timer: Timer): void {
    const slot = timer.tick % SLOTS
    this.#used[slot] = 1
    this.#slots[slot]?.append(timer)
  }

  /** Ends a timer. What it would have run is let go of. */
  #takeOut(timer: Timer): void {
    timer.unhook()
    timer.run = undefined
    this.#waiting -= 1
    if (this.#waiting === 0) this.#alarm.keepAlive(false)
  }

  #setAlarm(tick: number, nowMs: number): void {
    this.#alarmTick = tick
    this.#alarm.set(Math.max(0, tick - nowMs), () => this.#rang(tick))
  }

  #rang(tick: number): void {
    // By this clock a machine may ring a little early; what it rings for is due nevertheless.
    const due = this.#takeDue(Math.max(tick, Math.floor(this.#clock.monotonicMs())))
    this.#alarmTick = NEVER
    try {
      for (let first = due.next; first !== due; first = due.next) {
        const { run } = first
        this.#takeOut(first)
        run?.()
      }
    } finally {
      // Only where one threw is anything left: the others run with the next alarm.
      for (let first = due.next; first !== due; first = due.next) {
        first.unhook()
        first.tick = this.#nextTick
        this.#hang(first)
      }
      this.#setNextAlarm()
    }
  }

  /** Moves what is due by `nowTick` into a ring of its own, in its order. */
  #takeDue(nowTick: number): Timer {
    const due = new Timer(NEVER)
    for (; this.#nextTick <= nowTick; this.#nextTick += 1) {
      const slot = this.#slots[this.#nextTick % SLOTS] ?? due
      for (let each = slot.next; each !== slot;) {
        const { next } = each
        if (each.tick <= this.#nextTick) {
          each.unhook()
          due.append(each)
        }
        each = next
      }
    }
    return due
  }

  #setNextAlarm(): void {
    if (this.#waiting === 0) return
    const tick = this.#firstTick()
    if (tick < this.#alarmTick) this.#setAlarm(tick, this.#clock.monotonicMs())
  }

  /** The first millisecond whose slot holds a timer: that of the timer, or whole turns before it. */
  #firstTick(): number {
    for (let tick = this.#nextTick; ; tick += 1) {
      const from = tick % SLOTS
      const ahead = this.#used.indexOf(1, from)
      const slot = ahead >= 0 ? ahead : this.#used.indexOf(1)
      tick += (slot - from + SLOTS) % SLOTS
      const head = this.#slots[slot]
      if (head !== undefined && head.next !== head) return tick
      // Everything that hung here was cancelled.
      this.#used[slot] = 0
    }
  }
}

/** One timer in a ring; a timer that runs nothing is where a ring begins and ends. */
class Timer {
  next: Timer = this
  #previous: Timer = this
  tick: number
  run: (() => void) | undefined

  constructor(tick: number, run?: () => void) {
    this.tick = tick
    this.run = run
  }

  /** Makes `timer` the last of this ring. */
  append(timer: Timer): void {
    timer.next = this
    timer.#previous = this.#previous
    this.#previous.next = timer
    this.#previous = timer
  }

  /** Leaves the ring. */
  unhook(): void {
    this.#previous.next = this.next
    this.next.#previous = this.#previous
    this.next = this
    this.#previous = this
  }
}
