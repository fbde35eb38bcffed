/**
 * Goal: a program that asks through the wrapped `fetch` gets what `fetch` gives, sooner or more often,
 * and never twice what must happen once. Method: functions of its shape that answer by a script.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { ManualWorld } from '../../test/support/manual-world.ts'
import { type Fetch, type FetchPolicy, wrapFetch } from './wrap-fetch.ts'

const URL_OF_RATES = 'http://rates.example/eur'

function scripted(
  world: ManualWorld,
  steps: readonly (() => Response | Promise<Response>)[],
  more: Partial<FetchPolicy> = {},
): { readonly ask: Fetch; readonly requests: RequestInit[] } {
  const requests: RequestInit[] = []
  const server: Fetch = async (_, init = {}) => {
    requests.push(init)
    const step = steps[Math.min(requests.length, steps.length) - 1]
    return step?.() ?? assert.fail('a step')
  }
  return { ask: wrapFetch('rates', { deadline: '1s', world, ...more }, server), requests }
}

const fails = (code: string) => (): never => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) })
}
const answers =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response(status === 204 ? null : `body of ${status}`, { status, headers })

const stream = (): ReadableStream => new ReadableStream()
const silent = (): Response => new Response(stream())
const endless = (): Response =>
  new Response(new ReadableStream({ pull: (each) => each.enqueue(new Uint8Array(1_000)) }))

test('a question is asked again, and its answer is the one that fetch gave', async () => {
  const world = new ManualWorld()
  const { ask, requests } = scripted(world, [answers(503), answers(200, { 'x-rate': '7' })])

  const response = await world.run(ask(URL_OF_RATES))

  assert.deepEqual([response.status, response.headers.get('x-rate')], [200, '7'])
  assert.equal(await response.text(), 'body of 200')
  assert.equal(requests.length, 2)
})

test('F1: only what HTTP or a key makes harmless is sent again', async () => {
  const key = { 'Idempotency-Key': '"k1"' }
  const requests: readonly [RequestInit, attempts: number][] = [
    [{ method: 'GET' }, 2],
    [{ method: 'head' }, 2],
    [{ method: 'PUT', body: '{}' }, 2],
    [{ method: 'DELETE' }, 2],
    [{ method: 'POST', body: '{}' }, 1],
    [{ method: 'PATCH', body: '{}' }, 1],
    [{ method: 'POST', body: '{}', headers: key }, 2],
    [{ method: 'POST', body: stream(), headers: key }, 1],
    [{ method: 'PUT', body: stream() }, 1],
  ]
  for (const [init, attempts] of requests) {
    const world = new ManualWorld()
    const { ask, requests: sent } = scripted(world, [fails('ECONNRESET')])
    await assert.rejects(world.run(ask(URL_OF_RATES, init)), (error) =>
      isHoldfastError(error, 'HF_CALL_FAILED'),
    )
    assert.equal(sent.length, attempts, JSON.stringify(init))
  }
})

test('F2: an answer that does not end is given up at the deadline, one that is too long at the limit', async () => {
  const world = new ManualWorld()
  const { ask: long } = scripted(world, [endless], { answerBytesMax: 10_000, retry: 1 })
  await assert.rejects(world.run(long(URL_OF_RATES)), /more than 10000 bytes/)

  const { ask: slow } = scripted(world, [silent], { retry: 1 })
  const beganMs = world.clock.monotonicMs()
  await assert.rejects(world.run(slow(URL_OF_RATES)), (error) =>
    isHoldfastError(error, 'HF_CALL_TIMEOUT'),
  )
  assert.equal(world.clock.monotonicMs() - beganMs, 1_000)
})

test('F3: an answer that says no is an answer, and who asked too often waits', async () => {
  const world = new ManualWorld()
  const { ask, requests } = scripted(world, [answers(404), answers(429, { 'retry-after': '60' })])

  const missing = await world.run(ask(URL_OF_RATES))
  const refused = await world.run(ask(URL_OF_RATES))

  assert.deepEqual([missing.status, await missing.text()], [404, 'body of 404'])
  assert.deepEqual([refused.status, requests.length], [429, 2], 'a minute is more than is left')
})

test('F4: a refused connection is unsent only where no redirect can have been followed', async () => {
  for (const [redirect, effect] of [
    ['follow', 'unknown'],
    ['manual', 'none'],
  ] as const) {
    const world = new ManualWorld()
    const { ask } = scripted(world, [fails('ECONNREFUSED')])
    const request = { method: 'POST', redirect, body: '{}' }
    await assert.rejects(world.run(ask(URL_OF_RATES, request)), (error) => {
      return isHoldfastError(error) && error.effect === effect
    })
  }
})

test('while most requests fail, the rest is refused here', async () => {
  const world = new ManualWorld()
  const { ask, requests } = scripted(world, [answers(500)], { retry: 1, breaker: { calls: 5 } })

  for (let count = 0; count < 5; count += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after another, so that each is counted.
    assert.equal((await world.run(ask(URL_OF_RATES))).status, 500)
  }
  await assert.rejects(world.run(ask(URL_OF_RATES)), (error) =>
    isHoldfastError(error, 'HF_CIRCUIT_OPEN'),
  )
  assert.equal(requests.length, 5)
})

test('a request object is sent whole each time, and its own signal is heard', async () => {
  const world = new ManualWorld()
  const bodies: string[] = []
  const leaving = new AbortController()
  const server: Fetch = async (input) => {
    assert.ok(input instanceof Request)
    bodies.push(await input.text())
    if (bodies.length === 1) return new Response('', { status: 503 })
    leaving.abort(new Error('left'))
    return new Promise(() => {})
  }
  const ask = wrapFetch('rates', { deadline: '1s', world }, server)
  const request = new Request(URL_OF_RATES, { method: 'PUT', body: 'a', signal: leaving.signal })

  await assert.rejects(world.run(ask(request)), (error) => isHoldfastError(error, 'HF_CALL_LOST'))
  assert.deepEqual(bodies, ['a', 'a'])
})
