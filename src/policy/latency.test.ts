import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecentLatency } from './latency.ts'

const latencies = fc.array(fc.double({ min: 0.0625, max: 130_000, noNaN: true }), {
  minLength: 1,
  maxLength: 200,
})

test('L1: a quantile is never too short and at most 4.4 % too long', () => {
  fc.assert(
    fc.property(latencies, fc.double({ min: 0, max: 1, noNaN: true }), (tooks, share) => {
      const latency = new RecentLatency()
      for (const tookMs of tooks) latency.record({ tookMs, nowMs: 5 })
      const rank = Math.max(1, Math.ceil(share * tooks.length))
      const exact = tooks.toSorted((one, other) => one - other)[rank - 1] ?? Number.NaN

      const found = latency.quantile({ share, nowMs: 5 }) ?? Number.NaN

      assert.ok(found >= exact * (1 - 1e-9), `${found} for ${exact}`)
      assert.ok(found <= exact * 2 ** (1 / 16) * (1 + 1e-9), `${found} for ${exact}`)
    }),
  )
})

test('L1: what the histogram cannot tell is not made up', () => {
  const latency = new RecentLatency()
  assert.equal(latency.quantile({ share: 0.5, nowMs: 0 }), undefined)

  latency.record({ tookMs: 0, nowMs: 0 })
  assert.ok((latency.quantile({ share: 1, nowMs: 0 }) ?? 1) <= 0.0625 * 2 ** (1 / 16))
  latency.record({ tookMs: 200_000, nowMs: 0 })
  assert.equal(latency.quantile({ share: 1, nowMs: 0 }), Number.POSITIVE_INFINITY)
})

test('L2: a latency is forgotten after 20 to 30 s, without any traffic', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 100_000, noNaN: true }), (atMs) => {
      const latency = new RecentLatency()
      latency.record({ tookMs: 10, nowMs: atMs })

      assert.equal(latency.samples(atMs + 19_999), 1)
      assert.equal(latency.samples(atMs + 30_001), 0)
    }),
  )
})
