/**
 * N8: ten sequential calls cost the sum of ten.
 *
 * Goal: nobody waits longer than he said, and nobody works for him any longer. Method: a page asks a
 * stock for ten things, which takes a second for each. Once with `fetch` and a time limit for each, as
 * most of us have written it; once over an edge, for a customer who waits three seconds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mapOf } from '#map'
import { after, contract, edge, foreign, query, service, sql, system, type System } from 'holdfast'
import { simulate } from 'holdfast/sim'
import { z } from 'zod'
import { type Ask, byHand, Count } from './support/counting.ts'
import { stockThat } from './support/stocks.ts'

const THINGS = 10
const TAKES_MS = 1_000
const PATIENCE_MS = 3_000

const Sku = z.object({ sku: z.string() })
const stock = contract('stock', { count: query({ input: Sku, output: Count }) })
const page = contract('page', { show: query({ input: Sku, output: Count }) })
const arrow = edge(stock, { deadline: '2s', ops: { count: { retry: 1 } } })

/** One after the other, as a loop with `await` does it. */
async function inARow(ask: Ask): Promise<number> {
  let sum = 0
  for (let n = 0; n < THINGS; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- this is what the failure is about.
    sum += (await ask(`s${n}`)).count
  }
  return sum
}

async function atOnce(ask: Ask): Promise<number> {
  const found = await Promise.all(Array.from({ length: THINGS }, async (_, n) => ask(`s${n}`)))
  return found.reduce((sum, { count }) => sum + count, 0)
}

function shop(asksAll: typeof inARow, isByHand: boolean): System {
  const tables = sql({ migrations: new URL('./support/layer/', import.meta.url) })
  const own = service(page, tables, {
    uses: isByHand ? [] : [arrow],
    handle: {
      show: after(
        async ({ call }) => asksAll(isByHand ? byHand : async (sku) => call(arrow.count, { sku })),
        ({ asked }) => ({ count: asked }),
      ),
    },
  })
  return system('shop', { services: [own], foreign: [foreign(stock)] })
}

/** What one customer met, and how long the stock was kept busy for him. */
async function visit(
  shown: System,
): Promise<{ readonly status: number; readonly tookMs: number; readonly asked: number }> {
  const slow = stockThat(async (_, sleep) => {
    await sleep(TAKES_MS)
    return 200
  })
  let [status, tookMs] = [0, 0]
  const { violations } = await simulate(shown, {
    seeds: 1,
    faults: [],
    foreign: { stock: slow.program },
    load: async (world) => {
      const beganMs = performance.now()
      const headers = { 'holdfast-deadline-ms': String(PATIENCE_MS) }
      const request = { method: 'POST', path: '/page/show', headers, body: { sku: 's' } } as const
      ;({ status } = await world.request('page', { ...request, deadline: '60s' }))
      tookMs = performance.now() - beganMs
      await world.sleep('30s')
    },
  })
  assert.deepEqual(violations, [])
  return { status, tookMs, asked: slow.asked }
}

test('by hand, ten calls with a limit of 2 s each keep the stock busy for 10 s', async () => {
  const { asked } = await visit(shop(inARow, true))

  assert.equal(asked, THINGS, 'the customer had left after three of them')
})

test('over an edge the ten calls share what the customer waits, and then nobody is asked any more', async () => {
  const { status, tookMs, asked } = await visit(shop(inARow, false))

  assert.equal(status, 504)
  assert.ok(tookMs <= PATIENCE_MS + 50, `${tookMs} ms`)
  assert.ok(asked <= PATIENCE_MS / TAKES_MS + 1, `${asked} requests`)
})

test('ten at once cost one, and the customer is served', async () => {
  const { status, tookMs } = await visit(shop(atOnce, false))

  assert.equal(status, 200)
  assert.ok(tookMs < 1_500, `${tookMs} ms`)
})

test('the map adds ten calls of 2 s up to 20 s', () => {
  const causes = { 'page.show': { calls: { 'page>stock.count': THINGS } } }
  const map = mapOf(shop(inARow, false), { causes })
  const routed = map.paths.find(({ name }) => name === 'page.show')

  assert.equal(routed?.waits.enforcedMs, 20_000)
})
