import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sleep, withDeadline } from './wait.ts'
import type { Timers } from './world.ts'

/** Timers that run when the test says so, and count what is left of them. */
function stoppedTimers(): Timers & { readonly pending: Set<() => void>; fire(): void } {
  const pending = new Set<() => void>()
  return {
    pending,
    after(_delayMs, run) {
      pending.add(run)
      return () => pending.delete(run)
    },
    fire() {
      const due = [...pending]
      pending.clear()
      for (const run of due) run()
    },
  }
}

test('a sleep that is aborted rejects with the reason and leaves no timer', async () => {
  const timers = stoppedTimers()
  const controller = new AbortController()
  const sleeping = sleep(timers, 1_000, controller.signal)

  controller.abort(new Error('caller left'))

  await assert.rejects(sleeping, /caller left/)
  assert.equal(timers.pending.size, 0)
})

test('a sleep ends with its timer', async () => {
  const timers = stoppedTimers()
  const sleeping = sleep(timers, 1_000)
  timers.fire()
  await sleeping
})

test('a deadline signal aborts with its own reason when the time is over', () => {
  const timers = stoppedTimers()
  const timed = withDeadline(timers, 10, () => new Error('too late'))

  timers.fire()

  assert.equal(timed.signal.aborted, true)
  assert.match(String(timed.signal.reason), /too late/)
})

test("a deadline signal aborts with its parent, with the parent's reason", () => {
  const parent = new AbortController()
  const timed = withDeadline(stoppedTimers(), 10, () => new Error('too late'), parent.signal)

  parent.abort(new Error('caller left'))

  assert.match(String(timed.signal.reason), /caller left/)
})

test('T1: a released deadline signal leaves no timer and no listener', () => {
  const timers = stoppedTimers()
  const parent = new AbortController()
  const timed = withDeadline(timers, 10, () => new Error('too late'), parent.signal)

  timed.release()
  parent.abort()

  assert.equal(timers.pending.size, 0)
  assert.equal(timed.signal.aborted, false)
})

test('a parent is asked for its signal only when somebody asks for this one', () => {
  const parent = new AbortController()
  let asked = 0
  const lazy = {
    get signal(): AbortSignal {
      asked += 1
      return parent.signal
    },
  }
  const unasked = withDeadline(stoppedTimers(), 10, () => new Error('too late'), lazy)
  unasked.release()
  const before = asked

  const timed = withDeadline(stoppedTimers(), 10, () => new Error('too late'), lazy)
  const { signal } = timed
  parent.abort(new Error('it left'))

  assert.deepEqual([before, asked], [0, 1])
  assert.equal(signal.reason, parent.signal.reason)
  timed.release()
})
