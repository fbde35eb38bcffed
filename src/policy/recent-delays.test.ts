import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecentDelays } from './recent-delays.ts'

test('W1: many who did not wait in one place do not hide few who waited in another', () => {
  const delays = new RecentDelays()
  assert.equal(delays.medianMs(), 0)

  for (let work = 0; work < 1_000; work += 1) delays.record('loop', 0)
  for (const waitMs of [100, 9, 80]) delays.record('database', waitMs)

  assert.equal(delays.medianMs(), 80)
})

test('W1: the last 64 delays of a window count, and none of the window before', () => {
  const delays = new RecentDelays()
  for (let work = 0; work < 64; work += 1) delays.record('queue', 500)
  for (let work = 0; work < 40; work += 1) delays.record('queue', 5)
  assert.equal(delays.medianMs(), 5)

  delays.clear()

  assert.equal(delays.medianMs(), 0)
})
