import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backoffMs, pacedMs } from '#policy'

const roll = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('J1: a delay is never negative and stays below a limit that doubles up to a second', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), roll, (retry, drawn) => {
      const delayMs = backoffMs({ retry, roll: drawn })

      assert.ok(delayMs >= 0)
      assert.ok(delayMs < Math.min(1_000, 50 * 2 ** (retry - 1)) || delayMs === 0)
    }),
  )
})

test('the delays of a thousand callers that failed together fill the whole range', () => {
  const delays = Array.from({ length: 1_000 }, (_, n) => backoffMs({ retry: 3, roll: n / 1_000 }))

  const busiest = Math.max(
    ...Array.from(
      { length: 20 },
      (_, bin) => delays.filter((ms) => Math.floor(ms / 10) === bin).length,
    ),
  )

  assert.ok(busiest <= 51, `${busiest} of 1,000 callers return within the same 10 ms of 200`)
})

test('a callee that named a delay is never met earlier, and not by all at once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 300_000 }), roll, (afterMs, drawn) => {
      const delayMs = pacedMs({ afterMs, roll: drawn })

      assert.ok(delayMs >= afterMs)
      assert.ok(delayMs <= afterMs + 1_000)
    }),
  )
  assert.notEqual(pacedMs({ afterMs: 1_000, roll: 0.1 }), pacedMs({ afterMs: 1_000, roll: 0.9 }))
})
