/**
 * O7: a popular key expires, and a thousand callers compute it again.
 *
 * Goal: however many ask for the same thing at the same time, the stock is asked once. Method: a stock
 * that needs 400 ms for an answer, and a crowd that asks a page for one article, before and after the
 * answer has become old.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { type Asking, keeping, layers } from './support/layers.ts'
import { stockThat } from './support/stocks.ts'

const CROWD = 100
const WAVES = 3

/** How often the stock was asked while the crowd came three times, and how slow the slowest answer was. */
async function crowded(asking: Asking | 'kept by hand'): Promise<{
  readonly asked: number
  readonly slowestMs: number
}> {
  const slow = stockThat(async (_n, sleep) => {
    await sleep(400)
    return 200
  })
  const tooksMs: number[] = []
  const system = asking === 'kept by hand' ? keeping() : layers(1, asking)
  const { violations } = await simulate(system, {
    seeds: 1,
    faults: [],
    foreign: { stock: slow.program },
    load: async (world) => {
      for (let wave = 0; wave < WAVES; wave += 1) {
        const ask = async (): Promise<void> => {
          const beganMs = performance.now()
          const body = { sku: 'popular' }
          await world.request('page', { method: 'POST', path: '/page/count', body })
          if (wave > 0) tooksMs.push(performance.now() - beganMs)
        }
        // oxlint-disable-next-line no-await-in-loop -- one wave after the other.
        await Promise.all(Array.from({ length: CROWD }, ask))
        // oxlint-disable-next-line no-await-in-loop -- as above.
        await world.sleep('2s')
      }
    },
  })
  assert.deepEqual(violations, [])
  return { asked: slow.asked, slowestMs: Math.max(...tooksMs) }
}

test('kept by hand, each time the answer is old the stock is asked as often as the crowd is large', async () => {
  const { asked, slowestMs } = await crowded('kept by hand')

  assert.equal(asked, WAVES * CROWD)
  assert.ok(slowestMs > 400)
})

test('over an edge it is asked once for each wave, and only the first wave waits', async () => {
  const { asked, slowestMs } = await crowded({
    deadline: '2s',
    ops: { count: { cache: { fresh: '1s' } } },
  })

  assert.equal(asked, WAVES)
  assert.ok(slowestMs < 100, `${slowestMs} ms`)
})
