/**
 * Goal: the wheel is indistinguishable from timers that are each set on their own. Method: a clock that
 * the test moves, an alarm that the test rings, and as model a list that is sorted anew each time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Alarm, TimerWheel } from './timer-wheel.ts'

/** A wheel whose time passes when the test says so, alarm by alarm. */
class Dial implements Alarm {
  readonly wheel: TimerWheel
  nowMs: number
  /** When the alarm rings. */
  atMs = Number.POSITIVE_INFINITY
  isKept = false
  alarms = 0
  #ring = (): void => undefined

  constructor(startMs = 0) {
    this.nowMs = startMs
    this.wheel = new TimerWheel({ monotonicMs: () => this.nowMs, wallMs: () => 0 }, this)
  }

  set(delayMs: number, ring: () => void): void {
    this.atMs = this.nowMs + delayMs
    this.#ring = ring
    this.isKept = true
  }

  keepAlive(isNeeded: boolean): void {
    this.isKept = isNeeded
  }

  advance(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.atMs <= untilMs) this.#rings(this.atMs)
    this.nowMs = untilMs
  }

  /** Time passes while nobody looks, as it does while a handler computes. */
  stall(ms: number): void {
    this.nowMs += ms
    while (this.atMs <= this.nowMs) this.#rings(this.nowMs)
  }

  #rings(atMs: number): void {
    this.nowMs = atMs
    this.atMs = Number.POSITIVE_INFINITY
    this.alarms += 1
    this.#ring()
  }
}

type Move =
  | { readonly do: 'set'; readonly delayMs: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'advance' | 'stall'; readonly ms: number }

/** Time stands at halves between the moves, so that no timer is set in a millisecond that was looked at. */
const START_MS = 4_000.5
const delay = fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 9_000 }))

const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('set' as const), delayMs: delay }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), which: fc.nat(30) }) },
  fc.record({ do: fc.constantFrom('advance' as const, 'stall' as const), ms: delay }),
)

test('W1, W2, W3, W4: any timers run once, in order, not early, at most a millisecond late, and hold the process while they wait', () => {
  fc.assert(fc.property(fc.array(move, { maxLength: 60 }), play), { numRuns: 400, seed: 11 })
})

interface Planned {
  readonly id: number
  readonly dueMs: number
}

function isDue({ dueMs }: Planned, nowMs: number): boolean {
  return Math.ceil(dueMs) <= nowMs
}

function play(moves: readonly Move[]): void {
  const dial = new Dial(START_MS)
  const ran: number[] = []
  const cancels: (() => void)[] = []
  let planned: Planned[] = []
  const set = (delayMs: number): void => {
    const id = cancels.length
    const dueMs = dial.nowMs + delayMs
    planned.push({ id, dueMs })
    const run = (): void => {
      assert.ok(dial.nowMs >= dueMs, `W1: ${id} ran ${dueMs - dial.nowMs} ms early`)
      ran.push(id)
    }
    cancels.push(dial.wheel.after(delayMs, run))
  }
  const due = (): number[] => {
    const now = planned.filter((each) => isDue(each, dial.nowMs))
    planned = planned.filter((each) => !isDue(each, dial.nowMs))
    return now.toSorted((one, other) => one.dueMs - other.dueMs).map(({ id }) => id)
  }
  for (const each of moves) {
    if (each.do === 'set') set(each.delayMs)
    if (each.do === 'cancel') {
      cancels[each.which]?.()
      planned = planned.filter(({ id }) => id !== each.which)
    }
    if (each.do === 'advance') dial.advance(each.ms)
    if (each.do === 'stall') dial.stall(each.ms)
    if (each.do === 'advance' || each.do === 'stall') {
      assert.deepEqual(ran.splice(0), due())
    }
    assert.equal(dial.wheel.waiting, planned.length)
    assert.equal(dial.isKept, planned.length > 0)
    const firstMs = Math.min(...planned.map(({ dueMs }) => dueMs))
    assert.ok(dial.atMs <= Math.max(dial.nowMs, firstMs) + 1, 'W3: the alarm comes too late')
  }
}

test('a thousand deadlines that are cancelled in time ring once, and not once each', () => {
  const dial = new Dial()

  for (let n = 0; n < 1_000; n += 1) {
    dial.wheel.after(1_000, () => assert.fail('it was cancelled'))()
    dial.advance(1)
  }
  dial.advance(10_000)

  assert.equal(dial.alarms, 1)
})

test('W2: a timer that is set by a timer runs after those that were due with it', () => {
  const dial = new Dial()
  const ran: string[] = []
  dial.wheel.after(5, () => {
    ran.push('first')
    dial.wheel.after(0, () => ran.push('set by the first'))
  })
  dial.wheel.after(5, () => ran.push('second'))

  dial.advance(6)

  assert.deepEqual(ran, ['first', 'second', 'set by the first'])
})

test('W1: a timer that another one of its millisecond cancels does not run', () => {
  const dial = new Dial()
  const cancels: (() => void)[] = []
  dial.wheel.after(5, () => cancels.forEach((cancel) => cancel()))
  cancels.push(dial.wheel.after(5, () => assert.fail('it was cancelled')))

  dial.advance(10)

  assert.equal(dial.wheel.waiting, 0)
})

test('W5: a timer that throws takes no other with it', () => {
  const dial = new Dial()
  let ran = 0
  dial.wheel.after(5, () => {
    throw new Error('a bug')
  })
  dial.wheel.after(5, () => (ran += 1))
  dial.wheel.after(7, () => (ran += 1))

  assert.throws(() => dial.advance(10), /a bug/)
  dial.advance(10)

  assert.equal(ran, 2)
  assert.equal(dial.isKept, false)
})
