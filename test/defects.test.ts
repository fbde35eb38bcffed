/**
 * The defects of other libraries for resilience, each as a test of what Holdfast does instead.
 *
 * Goal: nobody who moves here meets again what they left for. Method: an edge, as users declare it, in a
 * world that the test moves; where an edge is too large for the point, the one machine. Each test says
 * what a user suffered elsewhere. The defects were measured in November 2026 in opossum, cockatiel,
 * undici, rate-limiter-flexible and p-limit; the numbers are those of the research.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { standaloneCaller } from '#edge'
import { HoldfastError } from '#errors'
import { type Call, edge } from '#model'
import { Breaker, pacedMs, RateLimit } from '#policy'
import type { WireHandler } from '#world'
import { ManualWorld } from './support/manual-world.ts'
import { payments } from './support/payments.ts'
import { json, lost, notSent, ORIGIN, problem, scripted, silence } from './support/scripted.ts'
import type { Caller, Ending } from '../src/edge/call/arrow.ts'
import { arrowOf } from '../src/edge/call/caller.ts'
import { begin } from '../src/edge/call/intent.ts'
import { Neighbour } from '../src/edge/call/neighbour.ts'
import { compile } from '../src/edge/call/outgoing.ts'

const balanced = json(200, { cents: 5 })
const failing = problem(500, { code: 'HF_HANDLER_FAILED', effect: 'none' })
const account = { account: 'a' }
const noJitter = (): number => 0.5

interface Ended {
  readonly kind: string
  readonly error?: HoldfastError
}

const codeOf = ({ kind, error }: Ended): string => error?.code ?? kind

/** Asks so often, one after the other. */
async function askOften(
  world: ManualWorld,
  count: number,
  ask: () => Promise<Ended>,
): Promise<readonly string[]> {
  const codes: string[] = []
  for (let index = 0; index < count; index += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other is the load
    codes.push(codeOf(await world.run(ask())))
  return codes
}

/** Answers after so long, and counts how many it works on at once. */
function working(worldOf: () => ManualWorld, ms: number, then: WireHandler = balanced) {
  const counts = { atOnce: 0, most: 0, asked: 0 }
  const handler: WireHandler = async (request) => {
    counts.asked += 1
    counts.atOnce += 1
    counts.most = Math.max(counts.most, counts.atOnce)
    await new Promise<void>((resolve) => worldOf().timers.after(ms, resolve))
    counts.atOnce -= 1
    return then(request)
  }
  return { counts, handler }
}

/** Several instances of payments. */
async function instances(...handlers: readonly WireHandler[]): Promise<{
  readonly world: ManualWorld
  readonly call: Call
}> {
  const world = new ManualWorld()
  const origins = handlers.map((_, index) => `http://payments:${index + 1}`)
  for (const [index, handler] of handlers.entries())
    // oxlint-disable-next-line no-await-in-loop -- in their order
    await world.network.listen({ host: 'payments', port: index + 1 }, handler)
  return { world, call: standaloneCaller({ world, resolve: () => origins }) }
}

describe('what users of circuit breakers suffered', () => {
  test('1: a slot is free when the transport is done, not when the caller stopped waiting', async () => {
    // A limit of 2 let 12 requests run at a callee that was already too slow for two.
    const { world, call } = await scripted(balanced)
    let [atOnce, most] = [0, 0]
    world.network.send = async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      // A transport that does not listen when it is told to stop.
      await new Promise<void>((resolve) => world.timers.after(10_000, resolve))
      atOnce -= 1
      throw new HoldfastError('HF_CALL_LOST', { detail: 'at last' })
    }
    const two = edge(payments, {
      deadline: '100ms',
      concurrency: { inFlight: 2, queue: 0 },
      ops: { balance: { retry: 1, breaker: false } },
    })

    const calls: Promise<Ended>[] = []
    for (let wave = 0; wave < 6; wave += 1) {
      calls.push(call.outcome(two.balance, account), call.outcome(two.balance, account))
      // oxlint-disable-next-line no-await-in-loop -- one wave after the other.
      await world.advance(150)
    }
    await world.run(Promise.all(calls))

    assert.equal(most, 2)
  })

  test('2: one call that runs out of time aborts no other', async () => {
    // One AbortController for all calls: a single time-out ended healthy requests of other customers.
    const set: { world?: ManualWorld } = {}
    const slow = working(() => set.world ?? assert.fail('no world'), 80)
    const { world, call } = await scripted(silence, slow.handler)
    set.world = world
    const short = edge(payments, { deadline: '50ms', ops: { balance: { retry: 1 } } })
    const long = edge(payments, { deadline: '1s', ops: { balance: { retry: 1 } } })

    const [late, healthy] = await world.run(
      Promise.all([call.outcome(short.balance, account), call.outcome(long.balance, account)]),
    )

    assert.deepEqual([late, healthy].map(codeOf), ['HF_CALL_TIMEOUT', 'done'])
  })

  test('3: what a full bulkhead refuses never opens the circuit', async () => {
    // A burst of local rejections opened the breaker on a callee that was well.
    const { world, call } = await scripted(silence, balanced)
    const one = edge(payments, {
      deadline: '10s',
      concurrency: { inFlight: 1, queue: 0 },
      ops: { balance: { retry: 1 } },
    })
    const first = call.outcome(one.balance, account)
    await world.advance(0)
    await askOften(world, 60, async () => call.outcome(one.balance, account))
    await world.run(first)

    assert.equal(codeOf(await world.run(call.outcome(one.balance, account))), 'done')
  })

  test('4: one failure does not open a circuit', async () => {
    // With the defaults, the first failed request of a quiet service closed the shop for thirty seconds.
    const { world, call } = await scripted(failing, balanced)
    const once = edge(payments, { deadline: '1s', ops: { balance: { retry: 1 } } })

    const codes = await askOften(world, 3, async () => call.outcome(once.balance, account))

    assert.deepEqual(codes, ['HF_HANDLER_FAILED', 'done', 'done'])
  })

  test('5: callers who ask together share an answer, and a failure is not kept for the next', async () => {
    // A coalesced rejection was replayed to callers who came later, as if they had asked.
    const { world, call } = await scripted(failing, balanced)
    const kept = edge(payments, {
      deadline: '1s',
      ops: { balance: { retry: 1, cache: { fresh: '10s' } } },
    })

    const codes = await askOften(world, 3, async () => call.outcome(kept.balance, account))

    assert.deepEqual(codes, ['HF_HANDLER_FAILED', 'done', 'done'])
    assert.equal(world.network.sent.length, 2, 'the failure was not kept, the answer was')
  })

  test('6: a success from before it opened does not close a circuit', () => {
    // A straggler closed the half-open circuit, and the whole load fell on a callee that was down.
    const breaker = new Breaker({ callsMin: 4, openMs: 1_000, openMsMax: 1_000 })
    const straggler = breaker.tryAcquire(0, noJitter) ?? assert.fail('closed')
    fail(breaker, 4, 0)
    breaker.tryAcquire(1_500, noJitter)

    breaker.record(straggler, 'success', 1_500, noJitter)

    assert.equal(breaker.state(1_500), 'half-open')
  })

  test('7: failures of an hour ago are forgotten', () => {
    // A window that moves only when it is asked counted failures of an hour ago against the first of today.
    const breaker = new Breaker({ callsMin: 4, openMs: 1_000, openMsMax: 1_000 })
    fail(breaker, 3, 0)

    fail(breaker, 1, 3_600_000)

    assert.equal(breaker.state(3_600_000), 'closed')
  })

  test('8: a late failure from before it opened does not open a circuit again', () => {
    // Each straggler of the outage sent the half-open circuit back for another full term.
    const breaker = new Breaker({ callsMin: 4, openMs: 1_000, openMsMax: 1_000 })
    const straggler = breaker.tryAcquire(0, noJitter) ?? assert.fail('closed')
    fail(breaker, 4, 0)
    const trial = breaker.tryAcquire(1_500, noJitter) ?? assert.fail('a trial')

    breaker.record(straggler, 'failure', 1_500, noJitter)

    assert.equal(breaker.state(1_500), 'half-open')
    breaker.record(trial, 'success', 1_510, noJitter)
    assert.notEqual(breaker.state(1_510), 'open')
  })

  test('9: while a circuit tries itself out, the others are refused at once', async () => {
    // Everybody waited behind the one trial, without a bound, for a callee that did not answer.
    const steps = [...Array.from({ length: 20 }, () => failing), silence]
    const { world, call } = await scripted(...steps)
    const once = edge(payments, { deadline: '5s', ops: { balance: { retry: 1 } } })
    await askOften(world, 20, async () => call.outcome(once.balance, account))
    await world.advance(1_300)
    const trial = call.outcome(once.balance, account)
    await world.advance(0)
    const beganMs = world.clock.monotonicMs()

    const codes = await askOften(world, 10, async () => call.outcome(once.balance, account))

    assert.deepEqual(new Set(codes), new Set(['HF_CIRCUIT_OPEN']))
    assert.equal(world.clock.monotonicMs(), beganMs)
    await world.run(trial)
  })
})

/** An edge whose callers can leave. */
async function leavable(
  handler: WireHandler,
  options: Parameters<typeof edge<typeof payments>>[1],
): Promise<{
  readonly world: ManualWorld
  readonly ask: (signal?: AbortSignal) => Promise<Ending>
}> {
  const { world } = await scripted(handler)
  const own = { breaker: false, ...options.ops?.balance }
  const { balance } = edge(payments, { ...options, ops: { balance: own } })
  const caller: Caller = {
    name: 'orders',
    world,
    resolve: () => ORIGIN,
    observe: () => undefined,
    declares: () => true,
    isForeign: () => false,
  }
  const arrow = arrowOf(caller, balance, new Neighbour(balance.policy.edge, world.clock))
  const first = compile(arrow)
  const ask = async (signal?: AbortSignal): Promise<Ending> =>
    first(begin(arrow, { input: account, options: {}, signal }))
  return { world, ask }
}

/** So many failures at one moment. */
function fail(breaker: Breaker, count: number, nowMs: number): void {
  for (let index = 0; index < count; index += 1) {
    const permit = breaker.tryAcquire(nowMs, noJitter)
    if (permit !== undefined) breaker.record(permit, 'failure', nowMs, noJitter)
  }
}

describe('what users of retries suffered', () => {
  test('10: who has left is not called for again', async () => {
    // The pause went on after the abort, and then the callee was called for nobody.
    const { world, ask } = await leavable(lost, { deadline: '10s' })
    const leaving = new AbortController()
    const ending = ask(leaving.signal)
    await world.advance(0)

    leaving.abort()
    await world.run(ending)
    await world.advance(60_000)

    assert.equal(world.network.sent.length, 1)
    assert.equal(world.timersPending, 0)
  })

  test('11: who has left takes no place in the queue', async () => {
    // Aborted waiters filled the queue of the bulkhead, and callers who were still there were refused.
    const set: { world?: ManualWorld } = {}
    const slow = working(() => set.world ?? assert.fail('no world'), 30)
    const { world, ask } = await leavable(slow.handler, {
      deadline: '1s',
      concurrency: { inFlight: 1, queue: 1, wait: '100ms' },
    })
    set.world = world
    const leaving = new AbortController()
    const first = ask()
    await world.advance(0)
    const left = ask(leaving.signal)
    await world.advance(0)

    leaving.abort()
    await world.advance(0)
    const stays = ask()

    const endings = await world.run(Promise.all([first, left, stays]))
    assert.deepEqual(
      endings.map(({ kind }) => kind),
      ['done', 'unsent', 'done'],
    )
  })

  test('12: callers who failed together do not come back together', async () => {
    // Without jitter a thousand callers came back in the same 10 ms, three times.
    const { world, call } = await scripted(...Array.from({ length: 40 }, () => lost), balanced)
    const wide = edge(payments, {
      deadline: '10s',
      concurrency: 100,
      ops: { balance: { retry: 2, breaker: false } },
    })
    const atMs: number[] = []
    await world.network.listen({ host: 'clock', port: 1 }, silence)
    const send = world.network.send.bind(world.network)
    world.network.send = async (origin, request) => {
      atMs.push(world.clock.monotonicMs())
      return send(origin, request)
    }

    const calls = Array.from({ length: 10 }, async () => call.outcome(wide.balance, account))
    await world.run(Promise.all(calls))

    const retries = atMs.filter((each) => each > 0)
    assert.ok(new Set(retries.map(Math.floor)).size >= retries.length / 2, retries.join(' '))
  })

  test('13: `Retry-After` is kept whole, not cut to the longest pause of the client', () => {
    // "Come back in two minutes" was cut to thirty seconds, and the callee was hit four times as often.
    const paced = pacedMs({ afterMs: 120_000, roll: 0 })

    assert.ok(paced >= 120_000, `${paced} ms`)
  })

  test('14: an answer that does not begin in time is tried again like any other silence', async () => {
    // The most common failure of all, no headers in time, was the one that was not retried.
    const { world, call } = await scripted(silence, balanced)
    const twice = edge(payments, { deadline: '1s', ops: { balance: { retry: 2 } } })

    assert.equal(codeOf(await world.run(call.outcome(twice.balance, account))), 'done')
  })
})

describe('what users of caches and pools suffered', () => {
  test('15: the first caller who leaves does not take the answer from those who wait with it', async () => {
    // Callers who asked the same were cancelled with the one whose request they shared.
    const set: { world?: ManualWorld } = {}
    const slow = working(() => set.world ?? assert.fail('no world'), 100)
    const { world, ask } = await leavable(slow.handler, {
      deadline: '1s',
      ops: { balance: { cache: { fresh: '1s' } } },
    })
    set.world = world
    const leaving = new AbortController()
    const first = ask(leaving.signal)
    await world.advance(0)
    const second = ask()
    await world.advance(10)

    leaving.abort()

    const endings = await world.run(Promise.all([first, second]))
    assert.deepEqual(
      endings.map(({ kind }) => kind),
      ['unknown', 'done'],
    )
    assert.equal(slow.counts.asked, 1)
  })

  test('17: an address that refuses connections is left alone', async () => {
    // A dead address stayed in the rotation: of two, every second request failed until somebody restarted.
    const { world, call } = await instances(notSent, balanced)
    const often = edge(payments, { deadline: '1s', ops: { balance: { breaker: false } } })

    const codes = await askOften(world, 100, async () => call.outcome(often.balance, account))

    const toDead = world.network.sent.filter(({ origin }) => origin.endsWith(':1')).length
    assert.deepEqual(new Set(codes), new Set(['done']))
    assert.ok(toDead <= 10, `${toDead} of 100 to the dead one`)
  })

  test('18: what waits for a connection is bounded, in number and in time', async () => {
    // The queue of the pool had no bound: a callee that hung took the memory of its callers.
    const { world, call } = await scripted(silence)
    const bounded = edge(payments, {
      deadline: '1s',
      concurrency: { inFlight: 8, queue: 4, wait: '50ms' },
      ops: { balance: { retry: 1, breaker: false } },
    })

    const calls = Array.from({ length: 1_000 }, async () => call.outcome(bounded.balance, account))
    await world.advance(60)
    const sent = world.network.sent.length
    const codes = (await world.run(Promise.all(calls))).map(codeOf)

    assert.equal(sent, 8)
    assert.equal(codes.filter((code) => code === 'HF_BULKHEAD_FULL').length, 992)
  })

  test('19: a crowd that finds an old answer asks for a new one once', async () => {
    // Each caller of an expired entry asked the origin, also while it was being refreshed.
    const set: { world?: ManualWorld } = {}
    const slow = working(() => set.world ?? assert.fail('no world'), 100)
    const { world, call } = await scripted(slow.handler)
    set.world = world
    const kept = edge(payments, { deadline: '1s', ops: { balance: { cache: { fresh: '1s' } } } })
    await world.run(call.outcome(kept.balance, account))
    await world.advance(2_000)

    const crowd = Array.from({ length: 100 }, async () => call.outcome(kept.balance, account))
    await world.run(Promise.all(crowd))
    await world.advance(1_000)

    assert.equal(slow.counts.asked, 2)
  })

  test('20: an answer that is garbage does not take the place of a good one, which is served instead', async () => {
    // A proxy's error page with status 200 went into the cache; and a caller's own time-out got nothing,
    // though there was an old answer.
    const { world, call } = await scripted(balanced, json(200, { cents: 'many' }), silence)
    const kept = edge(payments, {
      deadline: '200ms',
      ops: { balance: { retry: 1, cache: { fresh: '1s', staleWhileRevalidate: '1ms' } } },
    })
    await world.run(call.outcome(kept.balance, account))
    await world.advance(5_000)

    const garbage = await world.run(call.outcome(kept.balance, account))
    const late = await world.run(call.outcome(kept.balance, account))

    for (const outcome of [garbage, late]) {
      assert.ok(outcome.kind === 'done' && outcome.degraded, outcome.kind)
      assert.deepEqual(outcome.value, { cents: 5 })
    }
  })

  test('21: no window of one second lets more than the burst and the rate through', () => {
    // A counter for each calendar second let 199 of 100 through, around its turn.
    const limit = new RateLimit({ perSecond: 100, burst: 1 })
    const accepted: number[] = []
    for (let atMs = 0; atMs < 3_000; atMs += 1)
      if (limit.take('caller', atMs).isAllowed) accepted.push(atMs)

    const most = Math.max(
      ...accepted.map((from) => accepted.filter((at) => at >= from && at < from + 1_000).length),
    )

    assert.ok(most <= 101, `${most} in one second`)
  })

  test('22: work whose caller left while it waited is not begun', async () => {
    // Cancelled entries of a queue were run all the same when their turn came.
    const set: { world?: ManualWorld } = {}
    const slow = working(() => set.world ?? assert.fail('no world'), 30)
    const { world, ask } = await leavable(slow.handler, {
      deadline: '1s',
      concurrency: { inFlight: 1, queue: 5, wait: '100ms' },
    })
    set.world = world
    const leaving = new AbortController()
    const first = ask()
    await world.advance(0)
    const waiting = [ask(leaving.signal), ask(leaving.signal)]
    await world.advance(0)

    leaving.abort()
    await world.run(Promise.all([first, ...waiting]))
    await world.advance(1_000)

    assert.equal(slow.counts.asked, 1)
  })
})
