import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Ejection } from './ejection.ts'

const middle = (): number => 0.5

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `endpoint ${index}`)
}

function ejectionOf(count: number): Ejection {
  const ejection = new Ejection()
  ejection.update(names(count))
  return ejection
}

function fail(ejection: Ejection, id: string, times: number, nowMs: number): boolean[] {
  return Array.from({ length: times }, () =>
    ejection.record({ id, verdict: 'failure', beganMs: nowMs, nowMs }, middle),
  )
}

test('X1: at most half are out, counted after the ejection, though all of them fail', () => {
  for (const [count, most] of [
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
    [20, 10],
  ] as const) {
    const ejection = ejectionOf(count)
    for (const id of names(count)) fail(ejection, id, 100, 0)

    assert.equal(ejection.ejected(0), most, `of ${count}`)
    assert.equal(names(count).filter((id) => !ejection.isEligible(id, 0)).length, most)
  }
})

test('X1 and X3: any run of results keeps the limit and the length of an ejection', () => {
  const result = fc.record({
    which: fc.nat({ max: 4 }),
    isSuccess: fc.boolean(),
    waitMs: fc.nat({ max: 2_000 }),
    roll: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.array(result), (count, results) => {
      const ejection = ejectionOf(count)
      let nowMs = 0
      for (const { which, isSuccess, waitMs, roll } of results) {
        nowMs += waitMs
        const id = `endpoint ${which}`
        const verdict = isSuccess ? 'success' : 'failure'
        const isEjected = ejection.record({ id, verdict, beganMs: nowMs, nowMs }, () => roll)
        assert.ok(ejection.ejected(nowMs) <= Math.floor(count / 2))
        if (!isEjected) continue
        assert.equal(ejection.isEligible(id, nowMs + 499), false)
        assert.equal(ejection.isEligible(id, nowMs + 90_000), true)
      }
    }),
  )
})

test('X2: five failures in a row eject, four and a success do not', () => {
  const ejection = ejectionOf(2)
  assert.deepEqual(fail(ejection, 'endpoint 0', 4, 0), [false, false, false, false])
  ejection.record({ id: 'endpoint 0', verdict: 'success', beganMs: 0, nowMs: 0 }, middle)
  for (let good = 0; good < 40; good += 1)
    ejection.record({ id: 'endpoint 0', verdict: 'success', beganMs: 0, nowMs: 0 }, middle)

  assert.deepEqual(fail(ejection, 'endpoint 0', 5, 0), [false, false, false, false, true])
})

function isEjectedByShare(gapMs: number): boolean {
  const ejection = ejectionOf(2)
  return 'ssfssfssff'.split('').some((letter, index) => {
    const nowMs = index * gapMs
    const verdict = letter === 's' ? 'success' : 'failure'
    return ejection.record({ id: 'endpoint 0', verdict, beganMs: nowMs, nowMs }, middle)
  })
}

test('X2: less than 80 % of ten calls in ten seconds eject, and old ones do not count', () => {
  assert.equal(isEjectedByShare(100), true)
  assert.equal(isEjectedByShare(5_000), false)
})

test('X2 and X3: who fails at once after its return is out for twice as long, up to 60 s', () => {
  const ejection = ejectionOf(2)
  fail(ejection, 'endpoint 0', 5, 0)
  const lengths: number[] = []
  let nowMs = 0
  for (let ejections = 0; ejections < 8; ejections += 1) {
    const sinceMs = nowMs
    while (!ejection.isEligible('endpoint 0', nowMs)) nowMs += 500
    lengths.push(nowMs - sinceMs)
    assert.deepEqual(fail(ejection, 'endpoint 0', 1, nowMs), [true])
  }

  assert.deepEqual(lengths, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
})

test('X3: after a minute of calm the next ejection is short again', () => {
  const ejection = ejectionOf(2)
  fail(ejection, 'endpoint 0', 5, 0)
  fail(ejection, 'endpoint 0', 1, 1_000)
  ejection.record({ id: 'endpoint 0', verdict: 'success', beganMs: 3_000, nowMs: 3_000 }, middle)

  fail(ejection, 'endpoint 0', 5, 63_001)

  assert.equal(ejection.isEligible('endpoint 0', 64_000), false)
  assert.equal(ejection.isEligible('endpoint 0', 64_001), true)
})

test('X2: the failures that ejected an endpoint do not count again after its return', () => {
  const ejection = ejectionOf(2)
  fail(ejection, 'endpoint 0', 5, 0)
  for (let good = 0; good < 4; good += 1)
    ejection.record({ id: 'endpoint 0', verdict: 'success', beganMs: 1_000, nowMs: 1_000 }, middle)

  assert.deepEqual(fail(ejection, 'endpoint 0', 1, 1_000), [false])
})

test('X4: a call from before the ejection does not eject again', () => {
  const ejection = ejectionOf(2)
  fail(ejection, 'endpoint 0', 5, 0)

  const late = { id: 'endpoint 0', verdict: 'failure', beganMs: 900, nowMs: 1_500 } as const

  assert.equal(ejection.record(late, middle), false)
  assert.equal(ejection.record({ ...late, beganMs: 1_000 }, middle), true)
})

test('X5: when most of those that worked are gone, the ejected are used again', () => {
  const ejection = ejectionOf(4)
  fail(ejection, 'endpoint 0', 5, 0)
  fail(ejection, 'endpoint 1', 5, 0)
  assert.equal(ejection.isEligible('endpoint 0', 0), false)

  ejection.update(['endpoint 0', 'endpoint 1', 'endpoint 2'])

  assert.equal(ejection.isEligible('endpoint 0', 0), true)
})

test('results of an endpoint that is gone count for nobody', () => {
  const ejection = ejectionOf(2)
  ejection.update(['endpoint 1'])

  assert.deepEqual(fail(ejection, 'endpoint 0', 5, 0), [false, false, false, false, false])
  assert.equal(ejection.isEligible('endpoint 0', 0), true)
})
