/**
 * O3: one slow dependency ties up every caller, and theirs.
 *
 * Goal: what does not need the slow one is as fast as ever. Method: a stock that answers after 20 s, and a
 * site with two pages, of which one asks the stock and the other does not; both are visited at the same
 * rate.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { System } from 'holdfast'
import { type ForeignProgram, simulate } from 'holdfast/sim'
import { percentile } from '../support/queueing.ts'
import { byHand, declared, siteByHand } from './support/site.ts'
import { stockThat } from './support/stocks.ts'

const VISITS = 200

/** What visitors of the page that does not need the stock saw. */
interface Seen {
  readonly shown: number
  readonly p99Ms: number
}

async function visited(
  system: System,
  foreign: Readonly<Record<string, ForeignProgram>>,
): Promise<Seen> {
  let shown = 0
  const tooksMs: number[] = []
  const slow = stockThat(async (_n, sleep) => {
    await sleep(20_000)
    return 200
  })
  const { violations } = await simulate(system, {
    seeds: 1,
    faults: [],
    foreign: { ...foreign, stock: slow.program },
    load: async (world) =>
      world.many(VISITS, async (n) => {
        const beganMs = performance.now()
        const page = n % 2 === 0 ? 'count' : 'about'
        const wish = { method: 'POST', path: `/site/${page}`, body: { sku: `s${n}` } }
        const answer = await world
          .request('site', { ...wish, deadline: '2s' })
          .catch(() => undefined)
        if (page === 'count') return
        if (answer?.status === 200) shown += 1
        tooksMs.push(performance.now() - beganMs)
      }),
  })
  assert.deepEqual(violations, [])
  return { shown: shown / (VISITS / 2), p99Ms: percentile(tooksMs, 0.99) }
}

test('where both pages share a pool, the one that needs no stock is not shown either', async () => {
  const { shown } = await visited(byHand, { site: siteByHand })

  assert.ok(shown < 0.2, `${shown} of the visits`)
})

test('declared, it is shown to everybody, as fast as ever', async () => {
  const { shown, p99Ms } = await visited(declared, {})

  assert.equal(shown, 1)
  assert.ok(p99Ms < 200, `${p99Ms} ms`)
})
