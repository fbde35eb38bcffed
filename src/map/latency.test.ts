import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chain, planned } from '../../test/support/map-systems.ts'
import { callLatency } from './latency.ts'
import type { ArrowPolicy } from './policy.ts'
import { mapOf, type MapOptions, type SystemMap } from './system-map.ts'

function policy(deadlineMs: number, attemptsMax: number): ArrowPolicy {
  return {
    deadlineMs,
    attemptsMax,
    hasFallback: false,
    budgetRatio: undefined,
    isStamped: false,
  }
}

const policies = fc
  .record({
    deadlineMs: fc.integer({ min: 1, max: 60_000 }),
    attempts: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ deadlineMs, attempts }) => policy(deadlineMs, attempts))
const times = fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.constant(Infinity))

function both(ms: number): { enforcedMs: number; unenforcedMs: number } {
  return { enforcedMs: ms, unenforcedMs: ms }
}

function waits(map: SystemMap, name: string): { enforcedMs: number; unenforcedMs: number } {
  const { enforcedMs, unenforcedMs } =
    map.paths.find((each) => each.name === name)?.waits ?? both(-1)
  return { enforcedMs, unenforcedMs }
}

test('three attempts of 2 s end within 2 s, and would take 6.15 s if the 2 s held for each', () => {
  const found = callLatency(policy(2_000, 3), both(Infinity))

  assert.deepEqual(found, { enforcedMs: 2_000, unenforcedMs: 6_150 })
})

test('a callee that answers within 10 ms costs its attempts and the waits between them', () => {
  // 10 + 50 + 10 + 100 + 10, and the deadline is far away.
  assert.equal(callLatency(policy(2_000, 3), both(10)).enforcedMs, 180)
})

test('L1: what is enforced is at most the deadline, and at most what is not enforced', () => {
  fc.assert(
    fc.property(policies, times, (each, calleeMs) => {
      const { enforcedMs, unenforcedMs } = callLatency(each, both(calleeMs))

      assert.ok(enforcedMs <= each.deadlineMs)
      assert.ok(enforcedMs <= unenforcedMs + 1e-6)
    }),
  )
})

test('L2: a longer deadline, another attempt or a slower callee never makes a call faster', () => {
  fc.assert(
    fc.property(policies, times, fc.integer({ min: 0, max: 5_000 }), (each, calleeMs, more) => {
      const before = callLatency(each, both(calleeMs))
      const worse = [
        callLatency({ ...each, deadlineMs: each.deadlineMs + more }, both(calleeMs)),
        callLatency({ ...each, attemptsMax: each.attemptsMax + 1 }, both(calleeMs)),
        callLatency(each, both(calleeMs + more)),
      ]

      for (const { enforcedMs, unenforcedMs } of worse) {
        assert.ok(enforcedMs >= before.enforcedMs - 1e-6)
        assert.ok(unenforcedMs >= before.unenforcedMs - 1e-6)
      }
    }),
  )
})

test('L3: ten sequential calls cost the sum of ten', () => {
  const targets = Array.from({ length: 10 }, (_, index) => `s${index}`)
  const calls = Object.fromEntries(
    targets.map((each) => [each, { deadline: '200ms', retry: 1 } as const]),
  )
  const map = mapOf(
    planned({ web: { calls }, ...Object.fromEntries(targets.map((each) => [each, {}])) }),
  )

  assert.deepEqual(waits(map, 'web.ask'), both(2_000))
})

test('ten calls on top of each other cost the work of ten, where the work is known', () => {
  const names = Array.from({ length: 11 }, (_, index) => `s${index}`)
  const options: MapOptions = {
    workMs: Object.fromEntries(names.map((each) => [`${each}.ask`, 100])),
  }
  const map = mapOf(planned(chain(names, { deadline: '3s', retry: 1 })), options)

  assert.deepEqual(waits(map, 's0.ask'), both(1_000))
})

test('three layers of three attempts of 1 s end within 1 s, not within 3.15 s', () => {
  const map = mapOf(planned(chain(['web', 'a', 'b', 'c'], { deadline: '1s', retry: 3 })))

  assert.deepEqual(waits(map, 'web.ask'), { enforcedMs: 1_000, unenforcedMs: 3_150 })
})

test('a delivery ends within 10 s, whatever the handler may ask for', () => {
  const plan = {
    orders: {},
    payments: { hears: ['orders'], asksWhenItHears: true, calls: { bank: { deadline: '30s' } } },
    bank: {},
  } as const

  assert.equal(waits(mapOf(planned(plan)), 'payments<orders.told').enforcedMs, 10_000)
})
