/**
 * Goal: a generated client is typed, and what it says of a call is true.
 * Method: it is compiled with a program that uses it, and talks to a real service without a network,
 * or to scripted answers.
 */
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { clientOf } from '#map'
import { command, type Contract, contract, query } from '#model'
import { orders } from '../../examples/market/orders/contract.ts'
import { complaints } from '../support/compile.ts'
import { payments } from '../support/payments.ts'
import { paymentsShop } from '../support/payments-shop.ts'

interface Ended {
  readonly kind: string
  readonly value?: unknown
  readonly refusal?: unknown
  readonly key?: string
  readonly failure?: { readonly detail: string; readonly code?: string; readonly status?: number }
}
type Calls = Readonly<Record<string, (input: object, options?: object) => Promise<Ended>>>
type Sends = (url: string, init: RequestInit) => Promise<Response>

/** The generated client of a contract, loaded as a program would load it. */
async function clientFor(promised: Contract, options: object): Promise<Calls> {
  const folder = join('.holdfast', 'client')
  const { name } = promised['~contract']
  mkdirSync(folder, { recursive: true })
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, clientOf(promised))
  const loaded: Readonly<Record<string, (options: object) => Calls>> = await import(
    pathToFileURL(file).href
  )
  const make = loaded[`${name}Client`]
  assert.ok(make !== undefined)
  return make({ origin: 'http://shop', ...options })
}

/** Answers one after the other; what was sent is kept. An `Error` is a network that fails. */
function scripted(
  t: TestContext,
  ...answers: readonly (Response | Error)[]
): { readonly fetch: Sends; readonly sent: Request[] } {
  t.mock.method(Math, 'random', () => 0)
  const sent: Request[] = []
  const fetch: Sends = async (url, init) => {
    const answer = answers[sent.length]
    sent.push(new Request(url, init))
    if (answer instanceof Response) return answer
    throw answer ?? new Error('nobody is there')
  }
  return { fetch, sent }
}

const basket = { sku: 'apple', quantity: 2 }
const placed = { orderId: '1', status: 'pending' }
const busy = (headers = {}): Response =>
  Response.json({ code: 'HF_OVERLOADED', effect: 'none' }, { status: 503, headers })

test('the client compiles, and its types are those of the contract', () => {
  const program = `
    import { ordersClient } from './orders.ts'
    const client = ordersClient({ origin: 'http://shop' })
    const ended = await client.place({ sku: 'apple', quantity: 2 }, { key: 'k', deadlineMs: 100 })
    switch (ended.kind) {
      case 'done': { const id: string = ended.value.orderId; const s: 'pending' = ended.value.status; void id; void s; break }
      case 'refused': { const code: 'unknownSku' = ended.refusal.code; void code; break }
      case 'unsent': case 'unknown': void ended.failure.detail
    }
    const read = await client.get({ orderId: '1' })
    if (read.kind === 'done') { const r: 'soldOut' | 'declined' | null = read.value.reason; void r }
    // @ts-expect-error a quantity is a number
    await client.place({ sku: 'apple', quantity: 'two' })
    // @ts-expect-error a query has no key
    await client.get({ orderId: '1' }, { key: 'k' })
    // @ts-expect-error an event cannot be asked for
    client.placed`

  const found = complaints('client', { 'orders.ts': clientOf(orders), 'program.ts': program })

  assert.deepEqual(found, [])
})

test('a route that would end a comment or a text does neither', () => {
  const odd = contract('odd', {
    part: query({ input: z.object({}), output: z.object({}), http: { route: "GET /*/it's" } }),
  })

  assert.deepEqual(complaints('client-odd', { 'odd.ts': clientOf(odd) }), [])
})

test('against a real service: done, refused, unsent, and a query from its path', async () => {
  const shop = await paymentsShop()
  const client = await clientFor(payments, {
    fetch: async (url: string, init: RequestInit) => {
      const { method, headers, body } = new Request(url, init)
      const { status, text, ...answer } = await shop.send({
        method,
        path: new URL(url).pathname,
        headers: Object.fromEntries(headers),
        body: body === null ? undefined : await new Response(body).text(),
      })
      return new Response(text, { status, headers: answer.headers })
    },
  })

  const done = await client['authorize']?.({ orderId: 'o 1', cents: 500 })
  const again = await client['authorize']?.({ orderId: 'o 1', cents: 500 })
  const refused = await client['authorize']?.({ orderId: 'o2', cents: 200_000 })
  const unsent = await client['authorize']?.({ orderId: 'o3', cents: 'many' })
  const read = await client['balance']?.({ account: 'o 1' })

  assert.deepEqual(done, { kind: 'done', value: { authId: 'a1' } })
  assert.deepEqual(again, done)
  assert.deepEqual(refused?.refusal, { code: 'declined', data: { reason: 'over the limit' } })
  assert.deepEqual([unsent?.kind, unsent?.failure?.code], ['unsent', 'HF_INPUT_INVALID'])
  assert.deepEqual(read, { kind: 'done', value: { cents: 500 } })
  assert.equal(client['pay'], undefined, 'L1: an operation without a route is not public')
})

test('R2: a lost answer is asked for again with the same key', async (t) => {
  const { fetch, sent } = scripted(t, new Error('reset'), Response.json(placed, { status: 202 }))
  const client = await clientFor(orders, { fetch })

  const ended = await client['place']?.(basket)

  assert.deepEqual(ended, { kind: 'done', value: placed })
  const keys = sent.map(({ headers }) => headers.get('idempotency-key'))
  assert.equal(keys.length, 2)
  assert.equal(new Set(keys).size, 1)
  assert.ok(Number(sent[0]?.headers.get('holdfast-deadline-ms')) <= 3_000)
})

test('R3: after an attempt that may have acted, a refusal at the door is no "unsent"', async (t) => {
  const lost = scripted(t, new Error('reset'), busy(), busy())
  const shut = scripted(t, busy(), busy(), busy())

  const unknown = await (await clientFor(orders, lost))['place']?.(basket, { key: 'k' })
  const unsent = await (await clientFor(orders, shut))['place']?.(basket, { key: 'k' })

  assert.deepEqual([unknown?.kind, unknown?.key, lost.sent.length], ['unknown', 'k', 3])
  assert.deepEqual([unsent?.kind, unsent?.failure?.code], ['unsent', 'HF_OVERLOADED'])
})

test('each field of the input is sent once: in the path, in the query or in the body', async (t) => {
  const { fetch, sent } = scripted(t, ...[1, 2, 3].map(() => Response.json({})))
  const input = z.object({ shop: z.string(), page: z.string() })
  const search = contract('search', {
    read: query({ input, output: z.object({}), http: { route: 'GET /shops/:shop' } }),
    write: command({ input, http: { route: 'POST /shops/:shop' } }),
  })
  const client = await clientFor(search, { fetch })

  await client['read']?.({ shop: 'a b', page: '2' })
  await client['write']?.({ shop: 'a b', page: '2' })

  assert.equal(sent[0]?.url, 'http://shop/shops/a%20b?page=2')
  assert.equal(sent[1]?.url, 'http://shop/shops/a%20b')
  assert.deepEqual(await sent[1]?.json(), { page: '2' })
})

test('R4: a command without a key is sent once, whatever becomes of it', async (t) => {
  const { fetch, sent } = scripted(t)
  const ping = command({ input: z.object({}), http: { route: 'POST /ping' } })
  const client = await clientFor(contract('once', { ping }), { fetch })

  const ended = await client['ping']?.({})

  assert.deepEqual([ended?.kind, sent.length], ['unknown', 1])
})

const BOUNDED = { timeout: 10_000 }

test(
  'R4: who says never is not asked again, nor for longer than the deadline',
  BOUNDED,
  async (t) => {
    // A pause would never end.
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const never = scripted(t, busy({ 'holdfast-retry': 'never' }))
    const late = scripted(t, busy({ 'retry-after': '60' }))

    await (await clientFor(orders, never))['place']?.(basket)
    await (await clientFor(orders, late))['place']?.(basket)

    assert.deepEqual([never.sent.length, late.sent.length], [1, 1])
  },
)

test('R1: a service that does not answer is left when the time is over', async (t) => {
  let nowMs = 0
  t.mock.method(Math, 'random', () => 0)
  t.mock.method(performance, 'now', () => nowMs)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const pass = (ms: number): void => {
    nowMs += ms
    t.mock.timers.tick(ms)
  }
  const client = await clientFor(orders, { attemptsMax: 1, fetch: silent(() => pass(20)) })

  const ended = await client['get']?.({ orderId: '1' }, { deadlineMs: 20 })

  assert.deepEqual([ended?.kind, ended?.failure?.detail], ['unknown', 'no answer in time'])
  assert.equal(nowMs, 20)
})

/** A network that swallows what is sent, while time passes. */
function silent(pass: () => void): Sends {
  return (_url, { signal }) => {
    queueMicrotask(pass)
    return new Promise((_, reject) =>
      signal?.addEventListener('abort', () => reject(new Error('left'))),
    )
  }
}
