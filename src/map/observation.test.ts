import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fact } from '#observe'
import { chain, planned } from '../../test/support/map-systems.ts'
import { Histogram } from './histogram.ts'
import { type AnyFact, observationOf } from './observation.ts'
import { mapOf, type SystemMap } from './system-map.ts'

function called(edge: string, tookMs: number, attempts = 1): Fact {
  return {
    fact: 'called',
    service: edge.split('>')[0] ?? '',
    edge,
    ended: 'done',
    code: undefined,
    attempts,
    tookMs,
    traceId: '0',
  }
}

function delivered(edge: string, event: string, lagMs: number): Fact {
  const [service = ''] = edge.split('>')
  return { fact: 'delivered', service, edge, event, id: '1', key: 'k', attempts: 1, lagMs }
}

const plan = {
  ...chain(['web', 'orders'], { deadline: '1s', retry: 3 }),
  mail: { hears: ['orders'] },
}

function seen(...facts: readonly AnyFact[]): SystemMap {
  return mapOf(planned(plan), { observation: observationOf(facts) })
}

function codes({ findings }: SystemMap): readonly string[] {
  return findings
    .filter(({ severity }) => severity !== 'note')
    .map(({ code, at }) => `${code} ${at}`)
}

test('facts become counts, spreads and attempts on their arrow', () => {
  const facts = Array.from({ length: 100 }, (_, index) =>
    called('web>orders.ask', index + 1, index < 10 ? 2 : 1),
  )
  const found = observationOf(facts).calls.get('web>orders.ask')

  assert.equal(found?.count, 100)
  assert.equal(found?.attemptsMean, 1.1)
  assert.equal(found?.attemptsMax, 2)
  assert.deepEqual(found?.ended, { done: 100 })
  assert.ok(found.p50Ms >= 50 && found.p50Ms <= 51 && found.p99Ms >= 99 && found.p99Ms <= 101)
})

test('deliveries, duplicates and dead letters are counted on their event', () => {
  const edge = 'orders>mail'
  const found = observationOf([
    delivered(edge, 'orders.told', 40),
    { fact: 'consumed', service: 'mail', edge, event: 'orders.told', duplicate: true },
    { fact: 'undelivered', service: 'orders', edge, event: 'orders.told', attempts: 12 },
    { fact: 'undelivered', service: 'orders', edge, event: 'orders.told', retryInMs: 5 },
  ]).events.get('orders>mail.told')

  assert.deepEqual(
    [found?.count, found?.duplicates, found?.dead, found?.attemptsMax],
    [1, 1, 1, 12],
  )
})

test('the order of facts does not matter, and facts about other things are passed over', () => {
  const facts = fc.array(
    fc.oneof(
      fc.integer({ min: 0, max: 9_999 }).map((ms) => called('a>b.c', ms)),
      fc.integer({ min: 0, max: 9_999 }).map((ms) => delivered('a>b', 'a.told', ms)),
      fc.constant({ fact: 'lease', name: 'relay' }),
      fc.constant({ fact: 'called' }),
    ),
  )
  fc.assert(
    fc.property(facts, (all) => {
      assert.deepEqual(observationOf(all), observationOf(all.toReversed()))
    }),
  )
})

test('Q1: a quantile is never below the true one and at most 2 % above', () => {
  const durations = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(durations, fc.constantFrom(0.01, 0.5, 0.99, 1), (all, share) => {
      const histogram = new Histogram()
      for (const each of all) histogram.add(each)
      const sorted = all.toSorted((a, b) => a - b)
      const truth = sorted[Math.ceil(share * all.length) - 1] ?? Number.NaN

      const found = histogram.quantile(share)

      assert.ok(found >= truth * (1 - 1e-9) && found <= truth * 1.02 * (1 + 1e-9))
    }),
  )
})

test('what was declared and seen, within its bounds, is no contradiction', () => {
  assert.deepEqual(codes(seen(called('web>orders.ask', 400, 2))), [])
})

test('an arrow that was taken and is declared nowhere is a ghost', () => {
  const map = seen(called('orders>bank.charge', 10), delivered('web>orders', 'web.told', 5))

  assert.deepEqual(codes(map), ['ghost orders>bank.charge', 'ghost web>orders.told'])
})

test('a bound that did not hold is broken', () => {
  assert.deepEqual(codes(seen(called('web>orders.ask', 1_200))), ['bound-broken web>orders.ask'])
  assert.deepEqual(codes(seen(called('web>orders.ask', 10, 4))), ['bound-broken web>orders.ask'])
  assert.deepEqual(codes(seen(called('web>orders.ask', 1_010))), [])
})

test('a first attempt that most calls outlast is a retry storm by design', () => {
  const facts = Array.from({ length: 20 }, () => called('web>orders.ask', 700, 2))

  assert.deepEqual(codes(seen(...facts)), ['first-attempt-too-short web>orders.ask'])
})

test('what is declared and was not taken is noted', () => {
  const { findings } = seen(called('web>orders.ask', 10))

  assert.deepEqual(
    findings.filter(({ code }) => code === 'never-seen').map(({ at }) => at),
    ['orders>mail.told'],
  )
})
