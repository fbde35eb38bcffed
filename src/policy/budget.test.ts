import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RetryBudget } from './budget.ts'

const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ what: fc.constant('wait'), ms: fc.nat({ max: 3_000 }) }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('success'), ms: fc.constant(0) }) },
  { weight: 5, arbitrary: fc.record({ what: fc.constant('retry'), ms: fc.constant(0) }) },
)

test('B1 and B2: in every interval retries stay below burst, share of successes and trickle', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), fc.nat(), (events, cut) => {
      let nowMs = 7
      const budget = new RetryBudget({}, nowMs)
      const from = cut % (events.length + 1)
      let [fromMs, successes, retries] = [nowMs, 0, 0]
      for (const [index, { what, ms }] of events.entries()) {
        nowMs += ms
        if (index === from) [fromMs, successes, retries] = [nowMs, 0, 0]
        if (what === 'success') {
          budget.deposit()
          successes += 1
        }
        if (what === 'retry' && budget.tryWithdraw(nowMs)) retries += 1
        const left = budget.retriesLeft(nowMs)
        assert.ok(left >= 0 && left <= 10)
        assert.ok(retries <= 10 + successes / 10 + (nowMs - fromMs) / 10_000 + 1e-9)
      }
    }),
  )
})

test('B2: the bound is reached, so the budget is not stricter than it says', () => {
  const budget = new RetryBudget({}, 0)
  let retries = 0
  while (budget.tryWithdraw(0)) retries += 1
  for (let call = 0; call < 1_000; call += 1) {
    budget.deposit()
    while (budget.tryWithdraw(0)) retries += 1
  }

  assert.equal(retries, 110)
})

test('B3: a refused withdrawal costs nothing', () => {
  const budget = new RetryBudget({ retriesMax: 1, trickleMs: Number.POSITIVE_INFINITY }, 0)
  budget.tryWithdraw(0)
  for (let success = 0; success < 9; success += 1) budget.deposit()
  for (let asked = 0; asked < 100; asked += 1) assert.equal(budget.tryWithdraw(0), false)

  budget.deposit()

  assert.equal(budget.tryWithdraw(0), true)
})

test('a total outage is not multiplied: after the burst, 1,000 calls a second make 1,000 attempts', () => {
  const budget = new RetryBudget({}, 0)
  for (let burst = 0; burst < 10; burst += 1) budget.tryWithdraw(0)
  let attempts = 0
  for (let call = 1; call <= 60_000; call += 1) {
    attempts += 1
    if (budget.tryWithdraw(call)) attempts += 1
  }

  assert.ok(attempts / 60_000 < 1.001, `${attempts} attempts for 60,000 calls`)
})

function retriedOf100(trickleMs: number): number {
  const budget = new RetryBudget({ trickleMs }, 0)
  let retried = 0
  for (let call = 1; call <= 100; call += 1) if (budget.tryWithdraw(call * 20_000)) retried += 1
  return retried
}

test('an edge whose first attempts always fail gets out of an empty jar by the trickle alone', () => {
  assert.equal(retriedOf100(10_000), 100)
  assert.equal(retriedOf100(Number.POSITIVE_INFINITY), 10)
})

test('a clock that goes back fills nothing', () => {
  const budget = new RetryBudget({ retriesMax: 1 }, 3_600_000)
  budget.tryWithdraw(3_600_000)

  assert.equal(budget.tryWithdraw(0), false)
  assert.equal(budget.tryWithdraw(3_600_000 + 9_999), false)
  assert.equal(budget.tryWithdraw(3_600_000 + 10_000), true)
})
