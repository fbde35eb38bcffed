/**
 * F2: thirty of a hundred answers are errors.
 *
 * Goal: most callers do not notice, and the flaky one is asked hardly more often than if it were well.
 * Method: a stock that refuses three of ten requests, drawn by the seed, and visitors over a minute.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { type Asking, layers } from './support/layers.ts'
import { type Stock, stockThat } from './support/stocks.ts'

const VISITORS = 100

/** Share of the visitors who were answered, and requests that each of them cost. */
async function visited(
  asking: Asking,
  refusing: Stock,
): Promise<{ readonly shown: number; readonly requests: number }> {
  let shown = 0
  const { violations } = await simulate(layers(1, asking), {
    seeds: 1,
    faults: [],
    foreign: { stock: refusing.program },
    load: async (world) => {
      for (let n = 0; n < VISITORS; n += 1) {
        const body = { sku: `s${n}` }
        // oxlint-disable-next-line no-await-in-loop -- one visitor after the other.
        const { status } = await world.request('page', {
          method: 'POST',
          path: '/page/count',
          body,
        })
        if (status === 200) shown += 1
        // oxlint-disable-next-line no-await-in-loop -- over a minute.
        await world.sleep('600ms')
      }
    },
  })
  assert.deepEqual(violations, [])
  return { shown: shown / VISITORS, requests: refusing.asked / VISITORS }
}

/** Refuses three of ten, well mixed. */
const flaky = (): Stock => stockThat((n) => ((n * 7) % 10 < 3 ? 503 : 200))

const once: Asking = { deadline: '2s', ops: { count: { retry: 1 } } }
const declared: Asking = { deadline: '2s', ops: { count: { retry: 3 } } }

const down = (): Stock => stockThat(() => 503)

test('asked once, three of ten visitors see the error', async () => {
  const { shown } = await visited(once, flaky())

  assert.ok(shown <= 0.7, `${shown}`)
})

test('three tries by hand hide it, and are three times the load on a stock that is down', async () => {
  assert.equal((await visited('by hand', flaky())).shown, 1)
  assert.equal((await visited('by hand', down())).requests, 3)
})

test('over an edge half of the errors are hidden, for at most a quarter more load, flaky or down', async () => {
  const seen = await visited(declared, flaky())
  const { requests } = await visited(declared, down())

  assert.ok(seen.shown >= 0.85, `${seen.shown} shown`)
  assert.ok(seen.requests <= 1.25, `${seen.requests} requests a visitor`)
  assert.ok(requests <= 1.25, `${requests} requests a visitor of a stock that is down`)
})
