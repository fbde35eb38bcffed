/**
 * What users of retries suffered elsewhere, and what an edge does instead.
 *
 * The defects of this folder, twenty-two with their numbers, were measured in November 2026 in opossum,
 * cockatiel, undici, rate-limiter-flexible and p-limit.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edge } from '#model'
import { pacedMs } from '#policy'
import type { ManualWorld } from '../support/manual-world.ts'
import { payments } from '../support/payments.ts'
import { lost, scripted, silence } from '../support/scripted.ts'
import { account, balanced, codeOf, leavable, working } from './support/asking.ts'

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
  const many = edge(payments, {
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

  const calls = Array.from({ length: 10 }, async () => call.outcome(many.balance, account))
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
