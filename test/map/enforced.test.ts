/**
 * Goal: the numbers on the map are those by which calls are made and events delivered. Method: what
 * the map says of an arrow is compared with a real call over it, in a world that the test moves.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { standaloneCaller } from '#edge'
import { HoldfastError } from '#errors'
import { callLatency } from '#map'
import { edge } from '#model'
import type { Fact } from '#observe'
import { backoffMs, Breaker } from '#policy'
import type { WireHandler, WireResponse } from '#world'
import { attemptsThatFit } from '../../src/map/attempts.ts'
import * as enforced from '../../src/map/policy.ts'
import { ATTEMPTS_MAX } from '../../src/edge/event/retry.ts'
import { DEADLINE_MS_MAX, readDeadlineMs } from '../../src/edge/call/wire.ts'
import { ManualWorld } from '../support/manual-world.ts'
import { payments } from '../support/payments.ts'

/** It certainly did not happen, so nothing but the policy speaks against another attempt. */
const notSent: WireHandler = () => {
  throw new HoldfastError('HF_CALL_NOT_SENT', { detail: 'connection refused' })
}
const silent: WireHandler = () => new Promise<WireResponse>(() => {})

const middling = (): number => 0.5

/** A number that a source keeps to itself. */
function written(file: string, name: string): number {
  const text = readFileSync(file, 'utf8')
  const [, digits = ''] = new RegExp(`const ${name} = ([\\d_]+)`).exec(text) ?? []
  return Number(digits.replaceAll('_', ''))
}

/** True if two failures that far apart open a circuit that two failures open. */
function openAfter(gapMs: number): boolean {
  const breaker = new Breaker({ callsMin: 2, failureShare: 0.5, badShare: 0.8 })
  for (const nowMs of [0, gapMs]) {
    const permit = breaker.tryAcquire(nowMs, middling)
    if (permit === undefined) return true
    breaker.record(permit, 'failure', nowMs, middling)
  }
  return breaker.state(gapMs) === 'open'
}

interface Called {
  readonly requests: number
  readonly deadlinesMs: readonly number[]
  readonly tookMs: number
}

/** One call of `retry` attempts within `deadline` to a provider that behaves like that. */
async function call(
  retry: 1 | 3 | 5,
  deadline: '2s' | '100ms',
  provider: WireHandler,
): Promise<Called> {
  const world = new ManualWorld()
  const facts: Fact[] = []
  const deadlinesMs: number[] = []
  await world.network.listen({ host: 'payments', port: 1 }, async (request) => {
    deadlinesMs.push(Number(request.headers['holdfast-deadline-ms']))
    return provider(request)
  })
  const callOver = standaloneCaller({
    world,
    resolve: () => 'http://payments:1',
    observe: (fact) => facts.push(fact),
    name: 'orders',
  })
  const money = edge(payments, { deadline, ops: { authorize: { retry } } })
  const ended = callOver.outcome(money.authorize, { orderId: 'o1', cents: 1 })
  await world.run(ended)
  const fact = facts.find((each) => each.fact === 'called')
  return { requests: deadlinesMs.length, deadlinesMs, tookMs: fact?.tookMs ?? Number.NaN }
}

function policyOf(deadlineMs: number, attemptsMax: number): enforced.ArrowPolicy {
  const { policy } = edge(payments, { deadline: '1s' }).authorize
  return { ...enforced.policyOf(policy), deadlineMs, attemptsMax }
}

test('a provider that refuses at once gets as many requests as the map says', async () => {
  for (const retry of [1, 3, 5] as const) {
    const { requests } = await call(retry, '2s', notSent)

    assert.equal(requests, attemptsThatFit(policyOf(2_000, retry)).fast)
    assert.equal(requests, retry)
  }
})

test('a provider that never answers is waited for as often and as long as the map says', async () => {
  for (const retry of [1, 3] as const) {
    const policy = policyOf(2_000, retry)
    const unbounded = { enforcedMs: Infinity, unenforcedMs: Infinity }
    const { requests, tookMs, deadlinesMs } = await call(retry, '2s', silent)

    assert.equal(requests, attemptsThatFit(policy).slow)
    assert.ok(tookMs <= callLatency(policy, unbounded).enforcedMs)
    assert.ok(tookMs > 0.99 * callLatency(policy, unbounded).enforcedMs)
    assert.equal(deadlinesMs[0], retry === 1 ? 2_000 : 2_000 * enforced.FIRST_SHARE)
  }
})

test('where there is no time for another attempt, none is made', async () => {
  const { requests } = await call(5, '100ms', notSent)

  assert.ok(requests >= attemptsThatFit(policyOf(100, 5)).fast)
})

test('the longest waits are those of the backoff', () => {
  for (let retry = 1; retry <= 5; retry += 1)
    assert.equal(enforced.backoffMsMax(retry), backoffMs({ retry, roll: 1 }))
})

test('a breaker has forgotten a failure when the window that the map names has passed', () => {
  assert.equal(openAfter(enforced.BREAKER_WINDOW_MS / 2), true)
  assert.equal(openAfter(enforced.BREAKER_WINDOW_MS + 1_000), false)
})

test('the bounds of entries and deliveries are those of the edges', () => {
  assert.equal(enforced.ENTRY_MS_MAX, DEADLINE_MS_MAX)
  assert.equal(enforced.ENTRY_MS_DEFAULT, readDeadlineMs(undefined))
  assert.equal(enforced.DELIVERIES_MAX, ATTEMPTS_MAX)
  assert.equal(enforced.DELIVERY_MS_MAX, written('src/edge/event/delivery.ts', 'SEND_MS_MAX'))
  assert.equal(enforced.INSIDE_MAX, written('src/edge/call/overload.ts', 'INSIDE_MAX'))
})
