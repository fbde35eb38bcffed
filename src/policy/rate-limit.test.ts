import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RateLimit } from './rate-limit.ts'

const waits = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant(0) },
    { weight: 2, arbitrary: fc.double({ min: 0, max: 40, noNaN: true }) },
    { weight: 1, arbitrary: fc.constant(60_000) },
  ),
  { maxLength: 200 },
)
const rate = fc.record({
  perSecond: fc.integer({ min: 1, max: 200 }),
  burst: fc.integer({ min: 1, max: 5 }),
})

test('R1: no window of any length lets more through than burst and rate allow', () => {
  fc.assert(
    fc.property(rate, waits, (options, moments) => {
      const limit = new RateLimit(options)
      const accepted: number[] = []
      let nowMs = 0
      for (const waitMs of moments) {
        nowMs += waitMs
        if (limit.take('a', nowMs).isAllowed) accepted.push(nowMs)
      }
      for (const [first, fromMs] of accepted.entries())
        for (const [more, toMs] of accepted.slice(first).entries()) {
          const bound = options.burst + ((toMs - fromMs) * options.perSecond) / 1_000
          assert.ok(more + 1 <= bound + 1e-6)
        }
    }),
    { numRuns: 50 },
  )
})

test('R1: the boundary of a second is no gate: 100 a second are 100 in any second', () => {
  const limit = new RateLimit({ perSecond: 100, burst: 100 })
  let accepted = 0
  for (const nowMs of [968, 1_031])
    for (let asked = 0; asked < 200; asked += 1) if (limit.take('a', nowMs).isAllowed) accepted += 1

  assert.equal(accepted, 106)
})

test('R1: an hour of silence saves up no more than the burst', () => {
  const limit = new RateLimit({ perSecond: 100, burst: 3 })
  limit.take('a', 0)
  const asked = Array.from({ length: 10 }, () => limit.take('a', 3_600_000).isAllowed)

  assert.equal(asked.filter((isAllowed) => isAllowed).length, 3)
})

test('R2: a refusal costs nothing, and after its Retry-After the request is accepted', () => {
  fc.assert(
    fc.property(rate, fc.nat({ max: 50 }), (options, hammering) => {
      const limit = new RateLimit(options)
      let last = limit.take('a', 1_000)
      while (last.isAllowed) last = limit.take('a', 1_000)
      for (let again = 0; again < hammering; again += 1) limit.take('a', 1_000)

      const early = limit.take('a', 1_000 + last.retryAfterMs * 0.99 - 1e-3)
      const due = limit.take('a', 1_000 + last.retryAfterMs)

      assert.equal(early.isAllowed, false)
      assert.equal(due.isAllowed, true)
    }),
  )
})

test('R3: as many as remain are accepted at that moment, and the next is not', () => {
  fc.assert(
    fc.property(rate, waits, (options, moments) => {
      const limit = new RateLimit(options)
      let nowMs = 0
      let { remaining } = limit.take('a', nowMs)
      for (const waitMs of moments) {
        nowMs += waitMs
        remaining = limit.take('a', nowMs).remaining
      }
      for (let each = remaining; each > 0; each -= 1)
        assert.equal(limit.take('a', nowMs).isAllowed, true)
      assert.equal(limit.take('a', nowMs).isAllowed, false)
    }),
    { numRuns: 50 },
  )
})

test('the bucket is full again after the reset, whatever was refused meanwhile', () => {
  const limit = new RateLimit({ perSecond: 10, burst: 5 })
  for (let asked = 0; asked < 9; asked += 1) limit.take('a', 0)

  const { resetMs } = limit.take('a', 0)

  assert.equal(resetMs, 500)
  assert.equal(limit.take('a', resetMs).remaining, 4)
})

test('R4: keys are apart, bounded, and the one that asked longest ago is forgotten', () => {
  const limit = new RateLimit({ perSecond: 1, burst: 1, keysMax: 2 })
  limit.take('a', 0)
  limit.take('b', 1)
  limit.take('a', 2)

  limit.take('c', 3)

  assert.equal(limit.keys(), 2)
  assert.equal(limit.take('a', 4).isAllowed, false)
  assert.equal(limit.take('b', 5).isAllowed, true)
})

test('R4: full buckets are forgotten while others ask, without reaching the bound', () => {
  const limit = new RateLimit({ perSecond: 100, burst: 1 })
  for (let key = 0; key < 1_000; key += 1) limit.take(`key ${key}`, key)

  assert.ok(limit.keys() <= 11, `${limit.keys()} keys are remembered`)
})

test('R5: a clock that goes back gives nothing away', () => {
  const limit = new RateLimit({ perSecond: 1, burst: 1 })
  limit.take('a', 3_600_000)

  assert.equal(limit.take('a', 0).isAllowed, false)
  assert.equal(limit.take('a', 3_600_999).isAllowed, false)
  assert.equal(limit.take('a', 3_601_000).isAllowed, true)
})
