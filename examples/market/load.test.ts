import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { type Acknowledged, load, type LoadReport } from './load.ts'

/** A market with one answer for each try, counted by key. Its customers wait for no time at all. */
function marketThat(
  t: TestContext,
  answer: (key: string, tries: number) => Response,
): Map<string, number> {
  const tries = new Map<string, number>()
  t.mock.method(Math, 'random', () => 0)
  t.mock.method(globalThis, 'fetch', async (_url: URL, { headers }: RequestInit) => {
    const key = new Headers(headers).get('idempotency-key') ?? ''
    tries.set(key, (tries.get(key) ?? 0) + 1)
    return answer(key, tries.get(key) ?? 0)
  })
  return tries
}

function place(
  orders: number,
  onAcknowledged?: (order: Acknowledged) => void,
): Promise<LoadReport> {
  return load({
    origin: 'http://market',
    ordersPerSecond: 10_000,
    ordersMax: orders,
    signal: new AbortController().signal,
    onAcknowledged: onAcknowledged ?? (() => undefined),
  })
}

const accepted = (orderId: string = crypto.randomUUID()): Response =>
  Response.json({ orderId, status: 'pending' }, { status: 202 })

test('a customer without an answer asks again with the same key until there is one', async (t) => {
  const ids = new Map<string, string>()
  const tries = marketThat(t, (key, count) => {
    if (count === 1) throw new TypeError('connection reset')
    if (count === 2) return Response.json({ code: 'HF_DRAINING' }, { status: 503 })
    const orderId = ids.get(key) ?? crypto.randomUUID()
    ids.set(key, orderId)
    return accepted(orderId)
  })
  const heard: Acknowledged[] = []

  const report = await place(4, (order) => heard.push(order))

  assert.deepEqual(report, { begun: 4, acknowledged: 4, tries: 13, contradicted: [] })
  assert.deepEqual(new Map(heard.map(({ key, orderId }) => [key, orderId])), ids)
  assert.deepEqual([...tries.values()], [4, 3, 3, 3])
})

test('a market that answers one key with two orders is caught', async (t) => {
  marketThat(t, () => accepted())

  const { contradicted } = await place(1)

  assert.match(contradicted.join(), /^the key \S+-0 was answered with \S+ and with \S+$/)
})

test('a definite no is not asked again', async (t) => {
  marketThat(t, () => Response.json({ refusal: 'unknownSku' }, { status: 422 }))

  const report = await place(3)

  assert.deepEqual(report, { begun: 3, acknowledged: 0, tries: 3, contradicted: [] })
})

test('an answer without an order id is no acknowledgement', async (t) => {
  marketThat(t, () => Response.json({ orderId: 'nonsense' }, { status: 202 }))

  assert.equal((await place(2)).acknowledged, 0)
})

test('the signal ends the customers, also those who are still waiting', async (t) => {
  const closing = new AbortController()
  marketThat(t, (_key, count) => {
    if (count === 3) closing.abort()
    throw new TypeError('connection refused')
  })

  const report = await load({
    origin: 'http://market',
    ordersPerSecond: 1,
    ordersMax: Infinity,
    signal: closing.signal,
  })

  assert.deepEqual(report, { begun: 1, acknowledged: 0, tries: 3, contradicted: [] })
})
