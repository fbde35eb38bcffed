import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Breaker, type BreakerPermit, type BreakerVerdict } from './breaker.ts'

const middle = (): number => 0.5

function permitOf(breaker: Breaker, nowMs: number): BreakerPermit {
  const permit = breaker.tryAcquire(nowMs, middle)
  assert.ok(permit !== undefined, `the circuit is ${breaker.state(nowMs)}`)
  return permit
}

function calls(breaker: Breaker, count: number, verdict: BreakerVerdict, nowMs: number): void {
  for (let call = 0; call < count; call += 1)
    breaker.record(permitOf(breaker, nowMs), verdict, nowMs, middle)
}

function openBreaker(): Breaker {
  const breaker = new Breaker()
  calls(breaker, 20, 'failure', 0)
  return breaker
}

test('K1: a result of an earlier generation counts for nothing, in whatever state it arrives', () => {
  const breaker = new Breaker()
  const early = Array.from({ length: 30 }, () => permitOf(breaker, 0))
  calls(breaker, 20, 'failure', 0)

  const [first, second, third] = early
  assert.ok(first && second && third)
  breaker.record(first, 'success', 100, middle)
  assert.equal(breaker.state(100), 'open')

  const probe = permitOf(breaker, 1_000)
  breaker.record(second, 'failure', 1_001, middle)
  breaker.record(third, 'success', 1_001, middle)
  assert.equal(breaker.state(1_001), 'half-open')
  assert.equal(breaker.tryAcquire(1_001, middle), undefined)

  breaker.record(probe, 'success', 1_002, middle)
  calls(breaker, 5, 'success', 1_003)
  for (const permit of early.slice(3)) breaker.record(permit, 'failure', 1_004, middle)
  assert.equal(breaker.state(1_004), 'closed')
})

test('K2: the circuit opens at the twentieth call if half failed, and not before', () => {
  const breaker = new Breaker()
  calls(breaker, 10, 'success', 0)
  calls(breaker, 9, 'failure', 0)
  assert.equal(breaker.state(0), 'closed')

  calls(breaker, 1, 'failure', 0)

  assert.equal(breaker.state(0), 'open')
})

function stateAfter(slow: number, failed: number): string {
  const breaker = new Breaker()
  calls(breaker, 20 - slow - failed, 'success', 0)
  calls(breaker, slow, 'slow', 0)
  calls(breaker, failed, 'failure', 0)
  return breaker.state(0)
}

test('K2: slow answers open at four fifths, counted together with failures', () => {
  assert.equal(stateAfter(15, 0), 'closed')
  assert.equal(stateAfter(16, 0), 'open')
  assert.equal(stateAfter(8, 8), 'open')
  assert.equal(stateAfter(7, 8), 'closed')
})

test('K2: failures of an hour ago do not count, though nothing happened since', () => {
  const breaker = new Breaker()
  calls(breaker, 19, 'failure', 0)

  calls(breaker, 1, 'failure', 3_600_000)

  assert.equal(breaker.state(3_600_000), 'closed')
})

test('K3: what is ignored opens nothing and dilutes nothing', () => {
  const breaker = new Breaker()
  calls(breaker, 1_000, 'ignored', 0)
  calls(breaker, 19, 'failure', 0)
  assert.equal(breaker.state(0), 'closed')

  calls(breaker, 1, 'failure', 0)

  assert.equal(breaker.state(0), 'open')
})

test('K3: an ignored trial gives its place to the next call', () => {
  const breaker = openBreaker()
  calls(breaker, 3, 'ignored', 1_000)

  assert.equal(breaker.state(1_000), 'half-open')
  calls(breaker, 6, 'success', 1_000)
  assert.equal(breaker.state(1_000), 'closed')
})

test('K4: half-open admits one call, then five, and closes after them', () => {
  const breaker = openBreaker()
  const admit = (nowMs: number): BreakerPermit[] =>
    Array.from({ length: 1_000 }, () => breaker.tryAcquire(nowMs, middle)).filter(
      (permit) => permit !== undefined,
    )
  const first = admit(1_000)
  assert.equal(first.length, 1)
  for (const permit of first) breaker.record(permit, 'success', 1_001, middle)

  const five = admit(1_001)

  assert.equal(five.length, 5)
  for (const permit of five) breaker.record(permit, 'success', 1_002, middle)
  assert.equal(admit(1_002).length, 1_000)
})

test('K4: a failed trial opens again for twice as long; of five, three must fail', () => {
  const breaker = openBreaker()
  assert.equal(breaker.retryAfterMs(0), 1_000)
  calls(breaker, 1, 'failure', 1_000)
  assert.equal(breaker.retryAfterMs(1_000), 2_000)

  calls(breaker, 1, 'success', 3_000)
  calls(breaker, 2, 'failure', 3_000)
  assert.equal(breaker.state(3_000), 'half-open')
  calls(breaker, 1, 'slow', 3_000)

  assert.equal(breaker.retryAfterMs(3_000), 4_000)
})

test('K5: a circuit that closed begins again with the shortest time open', () => {
  const breaker = openBreaker()
  calls(breaker, 1, 'failure', 1_000)
  calls(breaker, 6, 'success', 3_000)

  calls(breaker, 20, 'failure', 3_000)

  assert.equal(breaker.retryAfterMs(3_000), 1_000)
})

test('K5: it stays open for a doubling time up to 30 s, 20 % more or less', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
      (rolls) => {
        const breaker = new Breaker()
        let nowMs = 0
        for (let call = 0; call < 19; call += 1)
          breaker.record(permitOf(breaker, 0), 'failure', 0, middle)
        for (const [opening, roll] of rolls.entries()) {
          breaker.record(permitOf(breaker, nowMs), 'failure', nowMs, () => roll)
          const openMs = breaker.retryAfterMs(nowMs)
          const limitMs = Math.min(30_000, 1_000 * 2 ** opening)
          assert.ok(openMs >= 0.8 * limitMs - 1e-3 && openMs <= 1.2 * limitMs + 1e-3)
          assert.equal(breaker.tryAcquire(nowMs + openMs - 1, middle), undefined)
          nowMs += openMs + 1
        }
      },
    ),
  )
})

test('K6: permits that never come back block half-open for ten seconds and no longer', () => {
  const breaker = openBreaker()
  const lost = permitOf(breaker, 1_000)
  assert.equal(breaker.tryAcquire(10_999, middle), undefined)
  assert.equal(breaker.state(10_999), 'half-open')

  assert.equal(breaker.tryAcquire(11_000, middle), undefined)

  assert.equal(breaker.retryAfterMs(11_000), 2_000)
  breaker.record(lost, 'success', 11_001, middle)
  assert.equal(breaker.state(11_001), 'open')
})

test('K6: one lost permit of five closes the circuit if the others succeeded', () => {
  const breaker = openBreaker()
  calls(breaker, 1, 'success', 1_000)
  permitOf(breaker, 1_000)
  calls(breaker, 4, 'success', 1_000)
  assert.equal(breaker.tryAcquire(1_000, middle), undefined)

  permitOf(breaker, 11_000)

  assert.equal(breaker.state(11_000), 'closed')
})

const step = fc.record({
  waitMs: fc.oneof(fc.constant(0), fc.nat({ max: 2_000 }), fc.constant(40_000)),
  does: fc.constantFrom('call', 'call', 'success', 'slow', 'failure', 'ignored', 'lose'),
  which: fc.nat(),
})

test('K1 to K6: whatever happens, half-open holds at most five calls and nobody is shut out for good', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const breaker = new Breaker()
      let nowMs = 0
      let pending: BreakerPermit[] = []
      for (const { waitMs, does, which } of steps) {
        nowMs += waitMs
        if (does === 'call') {
          const permit = breaker.tryAcquire(nowMs, middle)
          if (permit !== undefined) pending.push(permit)
          if (breaker.state(nowMs) === 'half-open')
            assert.ok(pending.filter((each) => each === permit).length <= 5)
          continue
        }
        const permit = pending[which % Math.max(1, pending.length)]
        if (permit === undefined) continue
        pending = pending.toSpliced(pending.indexOf(permit), 1)
        if (does !== 'lose') breaker.record(permit, does, nowMs, middle)
      }
      // Forty seconds are over every time open, fifty over the longest trial after it.
      breaker.tryAcquire(nowMs + 40_000, middle)
      breaker.tryAcquire(nowMs + 50_001, middle)
      assert.ok(breaker.tryAcquire(nowMs + 90_002, middle) !== undefined)
    }),
  )
})
