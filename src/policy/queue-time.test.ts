/**
 * Goal: the wait of a newcomer is foretold by his place alone. Method: an office with any number of
 * counters, worked off in the test's own time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { QueueTime } from './queue-time.ts'

/** An office with `counters`, each of which needs `serviceMs`; `people` come at once. */
function office(counters: number, serviceMs: number, people: number): QueueTime {
  const queue = new QueueTime()
  for (let ahead = counters; ahead < people; ahead += 1) {
    const waitedMs = Math.floor(ahead / counters) * serviceMs
    queue.learn({ ahead, waitedMs, nowMs: 0 })
  }
  return queue
}

test('whoever comes is told nearly the wait that he will have, whatever number of counters there is', () => {
  const counters = fc.integer({ min: 1, max: 16 })
  const serviceMs = fc.integer({ min: 1, max: 100 })
  fc.assert(
    fc.property(counters, serviceMs, fc.integer({ min: 2, max: 6 }), (atOnce, eachMs, rounds) => {
      const people = 8 * atOnce
      const queue = office(atOnce, eachMs, people)

      const toldMs = queue.expectedMs(rounds * atOnce, 0)

      const realMs = rounds * eachMs
      assert.ok(toldMs >= 0.7 * realMs && toldMs <= 1.6 * realMs, `${toldMs} for ${realMs} ms`)
    }),
    { seed: 3 },
  )
})

test('Q1: without a queue nobody is told to wait, and ten seconds after one neither', () => {
  const queue = new QueueTime()
  const before = queue.expectedMs(50, 0)

  queue.learn({ ahead: 10, waitedMs: 100, nowMs: 0 })

  assert.equal(before, 0)
  assert.ok(queue.expectedMs(10, 9_999) >= 100)
  assert.equal(queue.expectedMs(10, 10_001), 0)
})

test('Q2: twice as many ahead are twice the wait', () => {
  const queue = office(2, 10, 20)

  assert.ok(Math.abs(queue.expectedMs(20, 0) - 2 * queue.expectedMs(10, 0)) < 1e-9)
})

test('a wait that varies is foretold longer than its mean', () => {
  const [even, uneven] = [new QueueTime(), new QueueTime()]

  for (let index = 0; index < 100; index += 1) {
    even.learn({ ahead: 10, waitedMs: 100, nowMs: index })
    uneven.learn({ ahead: 10, waitedMs: index % 2 === 0 ? 50 : 150, nowMs: index })
  }

  assert.ok(even.expectedMs(10, 100) < 105)
  assert.ok(uneven.expectedMs(10, 100) > 150)
})
