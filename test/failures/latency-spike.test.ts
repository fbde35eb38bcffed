/**
 * N3: the average is fine, one answer in twenty takes 3 s, and the callers queue up.
 *
 * Goal: a caller notices little of an answer that hangs. Method: a stock that answers in 20 ms, but every
 * twentieth time, by its own count, after 3 s.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { percentile } from '../support/queueing.ts'
import { type Asking, layers } from './support/layers.ts'
import { type Stock, stockThat } from './support/stocks.ts'

const VISITORS = 400

/** What visitors saw: how long they waited, in ms, and the share that was shown the page. */
interface Seen {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly shown: number
}

const spiky = (): Stock =>
  stockThat(async (n, sleep) => {
    await sleep(n % 20 === 0 ? 3_000 : 20)
    return 200
  })

async function visited(asking: Asking): Promise<Seen> {
  const tooksMs: number[] = []
  let shown = 0
  const { violations } = await simulate(layers(1, asking), {
    seeds: 1,
    faults: [],
    foreign: { stock: spiky().program },
    load: async (world) =>
      world.many(VISITORS, async (n) => {
        const beganMs = performance.now()
        const body = { sku: `s${n}` }
        const { status } = await world.request('page', {
          method: 'POST',
          path: '/page/count',
          body,
        })
        if (status === 200) shown += 1
        tooksMs.push(performance.now() - beganMs)
      }),
  })
  assert.deepEqual(violations, [])
  const [p50Ms, p99Ms] = [percentile(tooksMs, 0.5), percentile(tooksMs, 0.99)]
  return { p50Ms, p99Ms, shown: shown / VISITORS }
}

test('asked with a patience of ten seconds, one visitor of twenty waits for three', async () => {
  const { p50Ms, p99Ms } = await visited({ deadline: '10s', ops: { count: { retry: 1 } } })

  assert.ok(p50Ms < 100, `p50 ${p50Ms} ms`)
  assert.ok(p99Ms > 3_000, `p99 ${p99Ms} ms`)
})

test('over an edge of 600 ms that may ask again, nearly all are shown the page within half a second', async () => {
  const seen = await visited({ deadline: '600ms', ops: { count: { retry: 3 } } })

  assert.ok(seen.p50Ms < 100, `p50 ${seen.p50Ms} ms`)
  assert.ok(seen.p99Ms < 500, `p99 ${seen.p99Ms} ms`)
  assert.ok(seen.shown > 0.98, `${seen.shown} shown`)
})
