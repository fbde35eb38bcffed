import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarm } from './alarm.ts'

function timers() {
  const pending = new Set<() => void>()
  const after = (_: number, run: () => void): (() => void) => {
    pending.add(run)
    return () => pending.delete(run)
  }
  return { pending, after }
}

test('M1: any number of alarms before a wait end that wait, and only that one', async () => {
  const { pending, after } = timers()
  const alarm = new Alarm()
  alarm.set()
  alarm.set()

  await alarm.wait({ after }, 1_000)
  const second = alarm.wait({ after }, 1_000)

  assert.equal(pending.size, 1)
  for (const run of pending) run()
  await second
})

test('an alarm during a wait ends it and leaves no timer behind', async () => {
  const { pending, after } = timers()
  const alarm = new Alarm()

  const wait = alarm.wait({ after }, 1_000)
  alarm.set()
  await wait

  assert.equal(pending.size, 0)
})
