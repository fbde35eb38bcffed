import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Balancer, type Endpoint } from './balancer.ts'
import { Queueing, seeded } from './queueing.test.ts'

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${index}`)
}

function balancerOf(count: number): Balancer {
  const balancer = new Balancer()
  balancer.update(names(count), 0)
  return balancer
}

function endpointOf(balancer: Balancer, id: string): Endpoint {
  const endpoint = balancer.endpoints().find((each) => each.id === id)
  assert.ok(endpoint)
  return endpoint
}

function heard(balancer: Balancer, id: string, tookMs: number, nowMs: number): void {
  const endpoint = endpointOf(balancer, id)
  endpoint.begin()
  endpoint.end({ verdict: 'success', tookMs, nowMs })
}

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('P1: of two endpoints the dearer one is never picked, whatever is drawn', () => {
  const latency = fc.double({ min: 1, max: 1_000, noNaN: true })
  fc.assert(
    fc.property(latency, latency, fc.nat({ max: 5 }), unit, unit, (one, other, pending, a, b) => {
      const balancer = balancerOf(2)
      heard(balancer, '0', one, 0)
      heard(balancer, '1', other, 0)
      for (let call = 0; call < pending; call += 1) endpointOf(balancer, '0').begin()
      const rolls = [a, b]

      const picked = balancer.pick(5, () => rolls.shift() ?? 0)

      const costs = balancer.endpoints().map((endpoint) => endpoint.cost(5))
      assert.equal(picked?.cost(5), Math.min(...costs))
    }),
  )
})

test('P1: each pair of distinct endpoints is as likely as any other', () => {
  const balancer = balancerOf(5)
  const draw = seeded(2)
  for (const id of names(5)) heard(balancer, id, 1 + Number(id), 0)
  const picked = Array.from({ length: 20_000 }, () => balancer.pick(1, draw)?.id)
  const shares = names(5).map((id) => picked.filter((each) => each === id).length / 20_000)

  // Of ten pairs the cheapest wins four, the dearest none.
  for (const [index, wanted] of [0.4, 0.3, 0.2, 0.1, 0].entries())
    assert.ok(Math.abs((shares[index] ?? 1) - wanted) < 0.015, shares.join(' '))
})

test('a latency jumps up at once and comes down with its time constant', () => {
  const balancer = balancerOf(1)
  heard(balancer, '0', 10, 0)
  heard(balancer, '0', 500, 1)
  heard(balancer, '0', 10, 2)

  assert.ok(endpointOf(balancer, '0').cost(2) > 499)
  assert.ok(Math.abs(endpointOf(balancer, '0').cost(10_002) - 500 / Math.E) < 2)
})

test('P2: a cost falls while nothing is heard', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1, max: 5_000, noNaN: true }),
      fc.nat({ max: 40_000 }),
      (ms, age) => {
        const balancer = balancerOf(1)
        heard(balancer, '0', ms, 0)
        const endpoint = endpointOf(balancer, '0')

        assert.ok(endpoint.cost(age + 100) <= endpoint.cost(age))
      },
    ),
  )
})

test('P3: an unknown endpoint gets one call at a time', () => {
  const balancer = balancerOf(2)
  heard(balancer, '0', 50, 0)
  const picks = Array.from({ length: 20 }, () => {
    const endpoint = balancer.pick(0, () => 0.5)
    endpoint?.begin()
    return endpoint?.id
  })

  assert.equal(picks.filter((id) => id === '1').length, 1)
})

test('P4: a new endpoint takes less than twice its share in its first second', () => {
  const queueing = new Queueing(4)
  const balancer = balancerOf(4)
  let picks = 0
  let ofNew = 0
  const call = (): void => {
    const endpoint = balancer.pick(queueing.nowMs, queueing.draw)
    endpoint?.begin()
    picks += 1
    if (endpoint?.id === '4') ofNew += 1
    const tookMs = queueing.exponentialMs(10)
    queueing.after(tookMs, () =>
      endpoint?.end({ verdict: 'success', tookMs, nowMs: queueing.nowMs }),
    )
  }
  queueing.arrivals(() => 1, call)
  queueing.runUntil(5_000)
  balancer.update(names(5), 5_000)
  const share = (untilMs: number): number => {
    ;[picks, ofNew] = [0, 0]
    queueing.runUntil(untilMs)
    return ofNew / picks
  }

  const first = share(6_000)
  share(16_000)
  const warm = share(26_000)

  assert.ok(first > 0.005 && first < 0.2, `${first} in the first second`)
  assert.ok(warm > 0.1 && warm < 0.4, `${warm} once it is warm`)
})

test('P5: before its Retry-After is over an endpoint is picked only if there is no other', () => {
  const balancer = balancerOf(2)
  const endpoint = endpointOf(balancer, '0')
  endpoint.begin()
  endpoint.end({ verdict: 'failure', tookMs: 1, nowMs: 0, retryAfterMs: 60_000 })
  heard(balancer, '1', 30_000, 0)

  for (const nowMs of [0, 25_000, 59_999]) assert.equal(balancer.pick(nowMs, () => 0)?.id, '1')
  assert.equal(
    balancer.pick(
      100,
      () => 0,
      ({ id }) => id === '0',
    )?.id,
    '0',
  )
  assert.equal(balancer.pick(60_000, () => 0)?.id, '0')
})

test('P6: if nobody is allowed, somebody is picked; if nobody is there, nobody', () => {
  assert.ok(
    balancerOf(3).pick(
      0,
      () => 0,
      () => false,
    ),
  )
  assert.equal(
    new Balancer().pick(0, () => 0),
    undefined,
  )
})

test('a call that ends twice is a bug that shows itself, and an aborted one leaves no load', () => {
  const balancer = balancerOf(1)
  const endpoint = endpointOf(balancer, '0')
  heard(balancer, '0', 10, 0)
  endpoint.begin()
  endpoint.end({ verdict: 'interrupted', tookMs: 200, nowMs: 0 })

  assert.equal(endpoint.pending(), 0)
  assert.equal(endpoint.cost(0), 200)
  assert.throws(() => endpoint.end({ verdict: 'interrupted', tookMs: 2, nowMs: 0 }), /ends once/)
})

test('an interrupted call can raise what is known of an endpoint and never freshen it', () => {
  const balancer = balancerOf(1)
  const endpoint = endpointOf(balancer, '0')
  heard(balancer, '0', 100, 0)
  const [before, after] = [endpoint.cost(10_000), endpoint.cost(15_000)]
  endpoint.begin()
  endpoint.end({ verdict: 'interrupted', tookMs: 1, nowMs: 10_000 })

  assert.equal(endpoint.cost(10_000), before)
  assert.equal(endpoint.cost(15_000), after)
  endpoint.begin()
  endpoint.end({ verdict: 'interrupted', tookMs: 90, nowMs: 10_000 })
  assert.ok(endpoint.cost(10_000) >= 90)
})

test('an update keeps the past of who stays and the ledger of who goes', () => {
  const balancer = balancerOf(2)
  heard(balancer, '0', 70, 0)
  const gone = endpointOf(balancer, '1')
  gone.begin()

  balancer.update(['0', '2', '2'], 0)
  gone.end({ verdict: 'success', tookMs: 1, nowMs: 1 })

  assert.deepEqual(
    balancer.endpoints().map(({ id }) => id),
    ['0', '2'],
  )
  assert.equal(endpointOf(balancer, '0').cost(0), 70)
})

/** Eleven servers, 1,000 calls a second, 167 ms each; one hangs at 2 s from 15 s to 45 s. */
function withinASecond(
  pick: (balancer: Balancer, queueing: Queueing) => Endpoint | undefined,
): number {
  const queueing = new Queueing(4)
  const balancer = balancerOf(11)
  let calls = 0
  let inTime = 0
  const call = (): void => {
    if (queueing.nowMs >= 60_000) return
    const endpoint = pick(balancer, queueing)
    const isHung = endpoint?.id === '0' && queueing.nowMs >= 15_000 && queueing.nowMs < 45_000
    const tookMs = isHung ? 2_000 : 157 + 20 * queueing.draw()
    calls += 1
    if (tookMs <= 1_000) inTime += 1
    endpoint?.begin()
    queueing.after(tookMs, () =>
      endpoint?.end({ verdict: 'success', tookMs, nowMs: queueing.nowMs }),
    )
    queueing.after(1, call)
  }
  queueing.after(0, call)
  queueing.runUntil(64_000)
  return inTime / calls
}

test('where one of eleven servers hangs, 99.9 % are answered in a second; round robin has 95.5 %', () => {
  let turn = 0
  const balanced = withinASecond((balancer, { nowMs, draw }) => balancer.pick(nowMs, draw))
  const inTurn = withinASecond((balancer) => balancer.endpoints()[(turn += 1) % 11])

  assert.ok(balanced > 0.996, `${balanced}`)
  assert.ok(Math.abs(inTurn - 0.9545) < 0.003, `${inTurn}`)
})

/** Ten servers of 10 ms at 70 % load; one fails in 0.5 ms until `healedMs`. Its shares per 10 s. */
function sharesOfFailing(penaltyMs: number, healedMs: number): number[] {
  const queueing = new Queueing(5)
  const balancer = new Balancer({ penaltyMs })
  balancer.update(names(10), 0)
  const picks: number[] = []
  const ofFailing: number[] = []
  const count = (list: number[]): void => {
    const span = Math.floor(queueing.nowMs / 10_000)
    list[span] = (list[span] ?? 0) + 1
  }
  queueing.arrivals(
    () => 0.7,
    () => {
      const endpoint = balancer.pick(queueing.nowMs, queueing.draw)
      endpoint?.begin()
      const isFailing = endpoint?.id === '0' && queueing.nowMs < healedMs
      count(picks)
      if (endpoint?.id === '0') count(ofFailing)
      const tookMs = isFailing ? 0.5 : queueing.exponentialMs(10)
      const verdict = isFailing ? 'failure' : 'success'
      queueing.after(tookMs, () => endpoint?.end({ verdict, tookMs, nowMs: queueing.nowMs }))
    },
  )
  queueing.runUntil(120_000)
  return picks.map((all, span) => (ofFailing[span] ?? 0) / all)
}

test('a replica that fails fast draws no traffic; without the penalty it draws twice its share', () => {
  const punished = sharesOfFailing(5_000, Number.POSITIVE_INFINITY)
  const praised = sharesOfFailing(0, Number.POSITIVE_INFINITY)

  assert.ok(Math.max(...punished) < 0.001, `${Math.max(...punished)}`)
  assert.ok((praised[11] ?? 0) > 0.15, `${praised[11]}`)
})

test('P2: a punished endpoint that healed has its share back within three time constants', () => {
  const shares = sharesOfFailing(5_000, 40_000)

  assert.ok((shares[3] ?? 1) < 0.001, `${shares[3]}`)
  assert.ok((shares[7] ?? 0) > 0.08, `${shares[7]}`)
})
