/**
 * What users of circuit breakers suffered elsewhere, and what an edge does instead.
 *
 * The defects of this folder, twenty-two with their numbers, were measured in November 2026 in opossum,
 * cockatiel, undici, rate-limiter-flexible and p-limit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '#errors'
import { edge } from '#model'
import { Breaker } from '#policy'
import type { ManualWorld } from '../support/manual-world.ts'
import { payments } from '../support/payments.ts'
import { scripted, silence } from '../support/scripted.ts'
import {
  account,
  askOften,
  balanced,
  codeOf,
  type Ended,
  failing,
  working,
} from './support/asking.ts'

const noJitter = (): number => 0.5

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

/** So many failures at one moment. */
function fail(breaker: Breaker, count: number, nowMs: number): void {
  for (let index = 0; index < count; index += 1) {
    const permit = breaker.tryAcquire(nowMs, noJitter)
    if (permit !== undefined) breaker.record(permit, 'failure', nowMs, noJitter)
  }
}
