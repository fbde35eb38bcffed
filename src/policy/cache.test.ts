import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnswerCache, type CacheDecision, type Flight } from './cache.ts'

const middle = (): number => 0.5

function cacheOf(entriesMax = 1_000): AnswerCache<number> {
  return new AnswerCache({
    freshMs: 1_000,
    staleWhileRevalidateMs: 10_000,
    staleIfErrorMs: 60_000,
    entriesMax,
  })
}

function ask(cache: AnswerCache<number>, nowMs: number, key = 'a'): CacheDecision<number> {
  return cache.ask({ key, nowMs, untilMs: nowMs + 500 })
}

function leadOf(decision: CacheDecision<number>): Flight {
  assert.ok('lead' in decision, `the decision is ${decision.decision}`)
  return decision.lead
}

function fill(cache: AnswerCache<number>, value: number, nowMs: number, key = 'a'): void {
  cache.filled(leadOf(ask(cache, nowMs, key)), value, nowMs, middle)
}

test('C1: a thousand callers who miss at once send one question and share its answer', () => {
  const cache = cacheOf()
  const decisions = Array.from({ length: 1_000 }, () => ask(cache, 0))

  assert.equal(decisions.filter(({ decision }) => decision === 'lead').length, 1)
  assert.equal(decisions.filter(({ decision }) => decision === 'join').length, 999)
  const [first] = decisions
  assert.ok(first)
  cache.filled(leadOf(first), 7, 10, middle)
  assert.deepEqual(ask(cache, 10), { decision: 'serve', value: 7, isStale: false })
})

test('C1: a stale answer is served to all while one of them refreshes it', () => {
  const cache = cacheOf()
  fill(cache, 7, 0)

  const decisions = Array.from({ length: 50 }, () => ask(cache, 1_000))

  assert.equal(decisions.filter(({ decision }) => decision === 'serve-and-refresh').length, 1)
  assert.equal(decisions.filter((each) => 'value' in each && each.value === 7).length, 50)
})

test('C2: the first caller may leave; only the last one calls the flight off', () => {
  const cache = cacheOf()
  const flight = leadOf(ask(cache, 0))
  const joined = cache.ask({ key: 'a', nowMs: 0, untilMs: 2_000 })
  assert.equal(joined.decision, 'join')
  assert.equal(flight.untilMs(), 2_000)

  assert.equal(cache.leave(flight), false)
  assert.equal(cache.leave(flight), true)

  assert.equal(ask(cache, 1).decision, 'lead')
})

test('C2: a refresh goes on when a caller who joined it leaves', () => {
  const cache = cacheOf()
  fill(cache, 7, 0)
  const refresh = leadOf(ask(cache, 5_000))
  assert.equal(ask(cache, 12_000).decision, 'join')

  assert.equal(cache.leave(refresh), false)

  cache.filled(refresh, 8, 12_001, middle)
  assert.deepEqual(ask(cache, 12_001), { decision: 'serve', value: 8, isStale: false })
})

test('C3: a failure is shared by those who wait, is not kept, and replaces nothing', () => {
  const cache = cacheOf()
  fill(cache, 7, 0)
  cache.failed(leadOf(ask(cache, 2_000)))

  assert.equal(ask(cache, 2_001).decision, 'serve-and-refresh')
  assert.deepEqual(cache.staleIfError('a', 2_001), { value: 7 })
  cache.failed(leadOf(ask(cache, 20_000, 'b')))
  assert.equal(ask(cache, 20_001, 'b').decision, 'lead')
})

test('C3: the answer of a flight that was called off comes too late', () => {
  const cache = cacheOf()
  const calledOff = leadOf(ask(cache, 0))
  cache.leave(calledOff)
  fill(cache, 8, 1)

  cache.filled(calledOff, 7, 2, middle)

  assert.deepEqual(ask(cache, 3), { decision: 'serve', value: 8, isStale: false })
})

test('C4: what is served is never older than its kind of use allows', () => {
  const roll = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
  fc.assert(
    fc.property(roll, fc.nat({ max: 80_000 }), (drawn, ageMs) => {
      const cache = cacheOf()
      cache.filled(leadOf(ask(cache, 0)), 7, 0, () => drawn)
      const freshMs = 1_000 * (0.9 + 0.2 * drawn)

      const decision = ask(cache, ageMs)
      const emergency = cache.staleIfError('a', ageMs)

      assert.equal(decision.decision === 'serve', ageMs < freshMs)
      assert.equal(decision.decision === 'lead', ageMs >= freshMs + 10_000)
      assert.equal(emergency === undefined, ageMs >= freshMs + 60_000)
    }),
  )
})

test('C4: after the death of the origin the old answer serves for its minute and no longer', () => {
  const cache = cacheOf()
  fill(cache, 7, 0)
  let served = 0
  for (let nowMs = 500; nowMs < 100_000; nowMs += 500) {
    const decision = ask(cache, nowMs)
    if ('lead' in decision) cache.failed(decision.lead)
    if ('value' in decision || cache.staleIfError('a', nowMs) !== undefined) served += 1
  }

  assert.equal(served, 121)
})

test('C5: the entry used longest ago makes room', () => {
  const cache = cacheOf(2)
  fill(cache, 1, 0, 'a')
  fill(cache, 2, 1, 'b')
  ask(cache, 2, 'a')

  fill(cache, 3, 3, 'c')

  assert.equal(ask(cache, 4, 'a').decision, 'serve')
  assert.equal(ask(cache, 4, 'b').decision, 'lead')
  assert.equal(cache.sizes().entries, 2)
})

test('C5: a question over the bound of flights goes alone and keeps nothing', () => {
  const cache = cacheOf(2)
  ask(cache, 0, 'a')
  ask(cache, 0, 'b')

  assert.deepEqual(ask(cache, 0, 'c'), { decision: 'alone' })
  assert.equal(cache.sizes().flights, 2)
})

test('another tenant is another key: nothing is shared', () => {
  const cache = cacheOf()
  fill(cache, 7, 0, 'tenant 1 balance')

  assert.equal(ask(cache, 1, 'tenant 2 balance').decision, 'lead')
})

test('C1, C3 and C5: any order of events keeps one flight a key and both bounds', () => {
  const step = fc.record({
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    does: fc.constantFrom('ask', 'ask', 'fill', 'fail', 'leave'),
    waitMs: fc.nat({ max: 3_000 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const cache = cacheOf(3)
      const flying = new Map<string, { flight: Flight; waiters: number }>()
      let nowMs = 0
      for (const { key, does, waitMs } of steps) {
        nowMs += waitMs
        const mine = flying.get(key)
        if (does === 'ask') {
          const decision = ask(cache, nowMs, key)
          if ('lead' in decision) {
            assert.equal(mine, undefined)
            const waiters = decision.decision === 'lead' ? 1 : 0
            flying.set(key, { flight: decision.lead, waiters })
          } else if (decision.decision === 'join' && mine !== undefined) mine.waiters += 1
        } else if (does === 'leave' && mine !== undefined && mine.waiters > 0) {
          mine.waiters -= 1
          const isOver = cache.leave(mine.flight)
          assert.equal(isOver, mine.waiters === 0 && !mine.flight.isRefresh)
          if (isOver) flying.delete(key)
        } else if (does !== 'leave' && mine !== undefined) {
          if (does === 'fill') cache.filled(mine.flight, nowMs, nowMs, middle)
          else cache.failed(mine.flight)
          flying.delete(key)
        }
        assert.equal(cache.sizes().flights, flying.size)
        assert.ok(cache.sizes().entries <= 3 && flying.size <= 3)
      }
    }),
  )
})
