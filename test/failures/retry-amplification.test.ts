/**
 * O1: three layers of three tries make 27 requests.
 *
 * Goal: what is down gets no more requests than what is up. Method: a customer asks a page, which asks
 * the shelves, which ask the depot, which asks a stock that refuses everything; the stock counts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { type Asking, layers, TRIES } from './support/layers.ts'
import { stockThat } from './support/stocks.ts'

/** Requests at a stock that is down, for so many customers who each ask once. */
async function requestsAt(asking: Asking, customers: number): Promise<number> {
  const down = stockThat(() => 503)
  const { violations } = await simulate(layers(3, asking), {
    seeds: 1,
    faults: [],
    foreign: { stock: down.program },
    load: async (world) => {
      for (let n = 0; n < customers; n += 1) {
        const body = { sku: `s${n}` }
        // oxlint-disable-next-line no-await-in-loop -- one customer after the other.
        await world.request('page', { method: 'POST', path: '/page/count', body })
      }
    },
  })
  assert.deepEqual(violations, [])
  return down.asked
}

const declared: Asking = { deadline: '5s', ops: { count: { retry: TRIES } } }

test('one customer of three layers that try three times each is 27 requests at the bottom', async () => {
  assert.equal(await requestsAt('by hand', 1), 27)
})

test('over edges only one layer retries: one customer is three requests', async () => {
  assert.equal(await requestsAt(declared, 1), 3)
})

test('and a hundred customers of a stock that stays down are 120 requests at most', async () => {
  assert.equal(await requestsAt('by hand', 100), 2_700)
  assert.ok((await requestsAt(declared, 100)) <= 120)
})
