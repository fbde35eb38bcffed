import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { checkSessions, type SessionEntry } from './sessions.ts'

function entry(
  session: string,
  what: SessionEntry['what'],
  version: number,
  [startedAtMs, endedAtMs]: readonly [number, number?],
): SessionEntry {
  const end = endedAtMs === undefined ? {} : { endedAtMs }
  return { session, what, key: 'x', version, startedAtMs, ...end }
}

function rulesOf(history: readonly SessionEntry[], stalenessMaxMs?: number): readonly string[] {
  const options = stalenessMaxMs === undefined ? {} : { stalenessMaxMs }
  return checkSessions(history, options).findings.map(({ rule }) => rule)
}

test('N1: a session that does not see its own write is found, another session is not', () => {
  const write = entry('s1', 'write', 1, [0, 1])

  assert.deepEqual(checkSessions([write, entry('s1', 'read', 0, [2, 3])]).findings, [
    {
      rule: 'own-write',
      words: 'session s1 read version 0 of x after it wrote version 1',
      entries: [0, 1],
    },
  ])
  assert.deepEqual(rulesOf([write, entry('s2', 'read', 0, [2, 3])]), [])
})

test('N1: a write that nobody acknowledged binds no one', () => {
  assert.deepEqual(rulesOf([entry('s1', 'write', 1, [0]), entry('s1', 'read', 0, [2, 3])]), [])
})

test('N2: a session that sees something older than before is found', () => {
  const history = [
    entry('w', 'write', 1, [0, 1]),
    entry('w', 'write', 2, [1, 2]),
    entry('s1', 'read', 2, [3, 4]),
    entry('s2', 'read', 1, [5, 6]),
  ]

  assert.deepEqual(rulesOf(history), [])
  assert.deepEqual(rulesOf([...history, entry('s1', 'read', 1, [5, 6])]), ['monotonic'])
})

test('N3: staleness counts from the first acknowledged write that the read does not see', () => {
  const history = [
    entry('w', 'write', 1, [0, 10]),
    entry('w', 'write', 2, [10, 20]),
    entry('w', 'write', 3, [20, 30]),
    entry('s1', 'read', 1, [120, 125]),
  ]

  assert.deepEqual(rulesOf(history, 100), [])
  assert.deepEqual(checkSessions(history, { stalenessMaxMs: 99 }).findings, [
    {
      rule: 'stale',
      words:
        'session s1 read version 1 of x, but version 2 was acknowledged 100 ms before, over the limit of 99 ms',
      entries: [1, 3],
    },
  ])
})

test('N3: a later version that was acknowledged earlier counts, too', () => {
  const history = [
    entry('w1', 'write', 1, [0, 500]),
    entry('w2', 'write', 2, [1, 5]),
    entry('s1', 'read', 0, [106, 107]),
  ]

  assert.deepEqual(rulesOf(history, 100), ['stale'])
  assert.deepEqual(rulesOf(history, 101), [])
})

test('N4: a version that nobody wrote is found', () => {
  assert.deepEqual(rulesOf([entry('s1', 'read', 4, [0, 1])]), ['invented'])
})

const plans = fc.array(
  fc.record({ isWrite: fc.boolean(), session: fc.constantFrom('a', 'b', 'c') }),
  { maxLength: 40 },
)
type Plan = typeof plans extends fc.Arbitrary<infer Value> ? Value : never

/** One thing each ms: writes are acknowledged at once, reads show the store as it was `lagMs` ago. */
function replica(plan: Plan, lagMs: number): readonly SessionEntry[] {
  const writesUpTo = (now: number): number =>
    plan.filter(({ isWrite }, at) => isWrite && at <= now).length
  return plan.map(({ isWrite, session }, now) =>
    entry(session, isWrite ? 'write' : 'read', writesUpTo(isWrite ? now : now - lagMs), [now, now]),
  )
}

test('a replica is never more stale than it lags, and one without a lag keeps every promise', () => {
  fc.assert(
    fc.property(plans, fc.integer({ min: 1, max: 8 }), (plan, lagMs) => {
      assert.deepEqual(rulesOf(replica(plan, 0), 0), [])
      assert.ok(!rulesOf(replica(plan, lagMs), lagMs - 1).includes('stale'))
      assert.ok(!rulesOf(replica(plan, lagMs)).includes('monotonic'))
    }),
  )
})

test('N1: a replica that lags is found exactly if a session reads too soon after its own write', () => {
  fc.assert(
    fc.property(plans, fc.integer({ min: 1, max: 8 }), (plan, lagMs) => {
      const history = replica(plan, lagMs)
      const isOwnMissed = plan.some(
        ({ isWrite, session }, at) =>
          !isWrite &&
          plan.some(
            (other, w) => other.isWrite && other.session === session && w <= at && w > at - lagMs,
          ),
      )
      assert.equal(rulesOf(history).includes('own-write'), isOwnMissed)
    }),
  )
})
