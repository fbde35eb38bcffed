/**
 * F1: a dependency is gone, and the whole product is gone with it.
 *
 * Goal: a page that can do without the stock is shown without it, at once, and says so. Method: a stock
 * that takes requests and never answers, as a machine does whose disk hangs.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { type Asking, layers, page, telling } from './support/layers.ts'
import { stockThat } from './support/stocks.ts'

const VISITORS = 60

/** What became of the visits. */
interface Visits {
  readonly shown: number
  /** The slowest quarter began here, in ms. */
  readonly p75Ms: number
  readonly asked: number
}

async function visits(asking: Asking): Promise<Visits> {
  const tooksMs: number[] = []
  let shown = 0
  const hanging = stockThat(() => new Promise(() => {}))
  const { violations } = await simulate(layers(1, asking), {
    seeds: 1,
    faults: [],
    foreign: { stock: hanging.program },
    load: async (world) => {
      for (let n = 0; n < VISITORS; n += 1) {
        const beganMs = performance.now()
        const body = { sku: `s${n}` }
        // oxlint-disable-next-line no-await-in-loop -- one visitor after the other.
        const answer = await world.request('page', { method: 'POST', path: '/page/count', body })
        if (answer.status === 200) shown += 1
        tooksMs.push(performance.now() - beganMs)
      }
    },
  })
  assert.deepEqual(violations, [])
  const p75Ms = tooksMs.toSorted((a, b) => a - b)[Math.floor(0.75 * VISITORS)] ?? Infinity
  return { shown, p75Ms, asked: hanging.asked }
}

test('by hand nobody sees the page while the stock hangs, and each visitor waits for all its tries', async () => {
  const { shown, p75Ms, asked } = await visits('by hand')

  assert.equal(shown, 0)
  assert.ok(p75Ms >= 1_500, `${p75Ms} ms`)
  assert.equal(asked, 3 * VISITORS)
})

test('with a fallback everybody sees it, and once the circuit is open nobody waits', async () => {
  const { shown, p75Ms, asked } = await visits({
    deadline: '500ms',
    ops: { count: { retry: 1, fallback: { count: 0 }, breaker: { calls: 5 } } },
  })

  assert.equal(shown, VISITORS)
  assert.ok(p75Ms < 50, `${p75Ms} ms`)
  assert.ok(asked < VISITORS / 2, `${asked} requests`)
})

test('an answer that is a fallback says that it is degraded', async () => {
  const heard: unknown[] = []
  await simulate(telling(), {
    seeds: 1,
    faults: [],
    foreign: { stock: stockThat((n) => (n === 1 ? 200 : 503)).program },
    load: async (world) => {
      const { count } = world.client(page)
      heard.push(await count({ sku: 'a' }), await count({ sku: 'b' }))
    },
  })

  assert.deepEqual(heard, [
    { count: 7, isGuess: false },
    { count: 0, isGuess: true },
  ])
})
