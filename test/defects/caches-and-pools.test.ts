/**
 * What users of caches and pools suffered elsewhere, and what an edge does instead.
 *
 * The defects of this folder, twenty-two with their numbers, were measured in November 2026 in opossum,
 * cockatiel, undici, rate-limiter-flexible and p-limit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Located, standaloneCaller, Topology } from '#edge'
import { edge } from '#model'
import { RateLimit } from '#policy'
import { ManualWorld } from '../support/manual-world.ts'
import { payments } from '../support/payments.ts'
import { json, notSent, ORIGIN, scripted, silence } from '../support/scripted.ts'
import {
  account,
  askOften,
  balanced,
  codeOf,
  instances,
  leavable,
  working,
} from './support/asking.ts'

const wide = edge(payments, { deadline: '1s', concurrency: 100 })

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

test('16: fifty callers of a name that nobody has looked up yet are one lookup', async () => {
  // Each of fifty cold requests asked the name server, in a pool of four threads.
  const world = new ManualWorld()
  let asked = 0
  const lookup = async (): Promise<Located> => {
    asked += 1
    return { origins: [ORIGIN] }
  }
  const topology = new Topology(world, new Map([['payments', lookup]]))
  await world.run(topology.start())
  await world.network.listen({ host: 'payments', port: 1 }, balanced)
  const call = standaloneCaller({ world, resolve: (target) => topology.resolve(target) })

  const calls = Array.from({ length: 50 }, async () => call.outcome(wide.balance, account))
  const codes = (await world.run(Promise.all(calls))).map(codeOf)

  assert.deepEqual(new Set(codes), new Set(['done']))
  assert.equal(asked, 1)
  topology.stop()
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
