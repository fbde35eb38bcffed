import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Bulkhead } from './bulkhead.ts'
import { Queueing } from './queueing.test.ts'

interface Waiter {
  readonly untilMs: number
}

const step = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.constant(0), fc.nat({ max: 30 }), fc.constant(60)),
  does: fc.constantFrom('enter', 'enter', 'enter', 'enter', 'leave', 'abandon'),
  remainingMs: fc.integer({ min: 0, max: 600 }),
  which: fc.nat(),
})

test('H1 to H4: any order of coming, leaving and giving up keeps the ledger and wastes no slot', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const bulkhead = new Bulkhead<Waiter>({ inFlightMax: 3, queueMax: 4, waitMsMax: 50 })
      let nowMs = 0
      let running = 0
      let waiting: Waiter[] = []
      const alive = (): Waiter[] => waiting.filter((waiter) => waiter.untilMs > nowMs)
      for (const { waitMs, does, remainingMs, which } of steps) {
        nowMs += waitMs
        if (does === 'enter' && bulkhead.tryEnter()) {
          assert.equal(alive().length, 0)
          running += 1
        } else if (does === 'enter') {
          assert.equal(running, 3)
          const waiter = { untilMs: nowMs + Math.min(50, remainingMs / 10) }
          const grantedMs = bulkhead.tryQueue(waiter, { nowMs, remainingMs })
          assert.equal(grantedMs === undefined, remainingMs === 0 || alive().length === 4)
          if (grantedMs !== undefined) waiting = [...alive(), waiter]
        } else if (does === 'leave' && running > 0) {
          const next = bulkhead.leave(nowMs)
          assert.equal(next === undefined, alive().length === 0)
          if (next === undefined) running -= 1
          else assert.ok(alive().includes(next))
          waiting = waiting.filter((waiter) => waiter !== next)
        } else if (does === 'abandon') {
          const waiter = waiting[which % Math.max(1, waiting.length)]
          if (waiter !== undefined) bulkhead.abandon(waiter)
          waiting = waiting.filter((each) => each !== waiter)
        }
        assert.equal(bulkhead.inFlight(), running)
      }
    }),
  )
})

test('H3: who waited too long leaves its place to a newcomer, although nothing left', () => {
  const bulkhead = new Bulkhead<Waiter>({ inFlightMax: 1, queueMax: 1 })
  bulkhead.tryEnter()
  bulkhead.tryQueue({ untilMs: 10 }, { nowMs: 0, remainingMs: 100 })

  assert.equal(bulkhead.tryQueue({ untilMs: 9 }, { nowMs: 9, remainingMs: 100 }), undefined)
  assert.equal(bulkhead.tryQueue({ untilMs: 20 }, { nowMs: 10, remainingMs: 100 }), 10)
})

test('H3: two dead waiters do not cost a live one its place', () => {
  const bulkhead = new Bulkhead<Waiter>({ inFlightMax: 1, queueMax: 2 })
  bulkhead.tryEnter()
  const [aborted, expired, alive] = [{ untilMs: 1 }, { untilMs: 2 }, { untilMs: 3 }]
  bulkhead.tryQueue(aborted, { nowMs: 0, remainingMs: 1_000 })
  bulkhead.tryQueue(expired, { nowMs: 0, remainingMs: 100 })
  assert.equal(bulkhead.abandon(aborted), true)

  assert.equal(bulkhead.tryQueue(alive, { nowMs: 10, remainingMs: 1_000 }), 50)

  assert.equal(bulkhead.leave(11), alive)
  assert.equal(bulkhead.abandon(expired), false)
  assert.equal(bulkhead.leave(11), undefined)
  assert.equal(bulkhead.inFlight(), 0)
})

test('H1: a slot that is given back twice is a bug that shows itself', () => {
  const bulkhead = new Bulkhead<Waiter>()
  bulkhead.tryEnter()
  bulkhead.leave(0)

  assert.throws(() => bulkhead.leave(0), /a slot is given back once/)
})

test('H4: nobody waits for more than a tenth of the time that is left', () => {
  const bulkhead = new Bulkhead<Waiter>({ inFlightMax: 1 })
  bulkhead.tryEnter()

  assert.equal(bulkhead.tryQueue({ untilMs: 0 }, { nowMs: 0, remainingMs: 200 }), 20)
  assert.equal(bulkhead.tryQueue({ untilMs: 0 }, { nowMs: 0, remainingMs: 60_000 }), 50)
  assert.equal(bulkhead.oldestWaitMs(7), 7)
  assert.equal(bulkhead.oldestWaitMs(60), 0)
})

function servedFirst(nowMs: number): number {
  const bulkhead = new Bulkhead<{ readonly number: number }>({ inFlightMax: 1 })
  bulkhead.tryEnter()
  for (const number of [1, 2, 3])
    bulkhead.tryQueue({ number }, { nowMs: number, remainingMs: 1_000 })
  return bulkhead.leave(nowMs)?.number ?? 0
}

test('the queue turns round once its oldest has waited for more than 10 ms', () => {
  assert.equal(servedFirst(11), 1)
  assert.equal(servedFirst(12), 3)
})

interface Job {
  readonly sinceMs: number
}

/** One server of 1 ms a job; a caller gives up after 30 ms. Jobs in time, per 1,000 ms. */
function goodput(load: number, lastInFirstAfterMs: number): number {
  const queueing = new Queueing(7)
  const bulkhead = new Bulkhead<Job>({
    inFlightMax: 1,
    queueMax: 1_000,
    waitMsMax: 1_000,
    lastInFirstAfterMs,
  })
  let inTime = 0
  const serve = ({ sinceMs }: Job): void =>
    queueing.after(1, () => {
      if (queueing.nowMs - sinceMs <= 30) inTime += 1
      const next = bulkhead.leave(queueing.nowMs)
      if (next !== undefined) serve(next)
    })
  queueing.arrivals(
    () => load,
    () => {
      const job = { sinceMs: queueing.nowMs }
      if (bulkhead.tryEnter()) serve(job)
      else bulkhead.tryQueue(job, { nowMs: queueing.nowMs, remainingMs: 60_000 })
    },
  )
  queueing.runUntil(5_000)
  return inTime / 5
}

test('at five times the capacity a queue that turns round loses nothing, one that does not loses all', () => {
  const turning = goodput(5, 10)
  const straight = goodput(5, Number.POSITIVE_INFINITY)

  assert.ok(turning >= 990, `${turning} of 1,000 a second were in time`)
  assert.ok(straight <= 50, `${straight} of 1,000 a second were in time`)
})

test('the callee is never hit by more calls than the limit, although callers give up earlier', () => {
  const queueing = new Queueing(3)
  const bulkhead = new Bulkhead<object>({ inFlightMax: 2, queueMax: 2, waitMsMax: 5 })
  let running = 0
  let peak = 0
  let served = 0
  const serve = (): void => {
    running += 1
    peak = Math.max(peak, running)
    // The caller of this call is long gone; its transport is not.
    queueing.after(100, () => {
      running -= 1
      served += 1
      if (bulkhead.leave(queueing.nowMs) !== undefined) serve()
    })
  }
  queueing.arrivals(
    () => 0.2,
    () => {
      if (bulkhead.tryEnter()) serve()
      else bulkhead.tryQueue({}, { nowMs: queueing.nowMs, remainingMs: 10 })
    },
  )

  queueing.runUntil(10_000)

  assert.equal(peak, 2)
  assert.ok(served > 150, `${served} calls were served`)
})
