/**
 * V4: the picture shows structure, not behaviour.
 *
 * Goal: the picture says what happens, and what it does not say is found. Method: a customer asks a
 * page, which asks the shelves, which ask the depot, which asks a stock that refuses everything. Once
 * with `fetch` and three tries in each handler, drawn by whoever drew it; once over edges, drawn by
 * the map. The stock counts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openPgliteMemory } from '#adapters'
import { mapOf, type SystemMap } from '#map'
import { observed } from '#sim'
import { layers, type Asking, TRIES } from './support/layers.ts'
import { stockThat } from './support/stocks.ts'

/** What is on every wiki: boxes and arrows. */
const drawnByHand = 'page > shelves > depot > stock'

/** The map of the system after one customer, and the requests that his one became. */
async function afterOneCustomer(
  asking: Asking,
): Promise<{ readonly map: SystemMap; readonly requests: number }> {
  const system = layers(3, asking)
  const down = stockThat(() => 503)
  const { observation, result } = await observed(system, {
    postgres: openPgliteMemory,
    seeds: 1,
    faults: [],
    foreign: { stock: down.program },
    load: async (world) => {
      await world.request('page', { method: 'POST', path: '/page/count', body: { sku: 's1' } })
    },
  })
  assert.deepEqual(result.violations, [])
  return { map: mapOf(system, { observation }), requests: down.asked }
}

const declared: Asking = { deadline: '5s', ops: { count: { retry: TRIES } } }

test('the picture by hand is the same for one try and for three, and three are 27 requests', async () => {
  const { requests } = await afterOneCustomer('by hand')

  assert.equal(requests, TRIES ** 3)
  assert.doesNotMatch(drawnByHand, /27|tries|ms/)
})

test('arrows that the code takes and nobody declared are found, and each is an error', async () => {
  const { map } = await afterOneCustomer('by hand')
  const ghosts = map.findings.filter(({ code }) => code === 'ghost')

  assert.deepEqual(ghosts.map(({ severity, at }) => `${severity} ${at}`).toSorted(), [
    'error depot>stock',
    'error page>shelves',
    'error shelves>depot',
  ])
})

test('the map says what one customer may become, and no more happens than it says', async () => {
  const { map, requests } = await afterOneCustomer(declared)
  const path = map.paths.find(({ name }) => name === 'page.count')

  assert.equal(path?.amplification.product, TRIES ** 3)
  assert.equal(path.amplification.down, 3)
  assert.ok(requests <= path.amplification.down)
  assert.deepEqual(path.amplification.way, [
    'page.count',
    'shelves.count',
    'depot.count',
    'stock.count',
  ])
  assert.ok(map.findings.every(({ code }) => code !== 'ghost' && code !== 'bound-broken'))
})

test('another number in the declaration is another picture', () => {
  const [once, thrice] = ([1, 3] as const).map((retry) =>
    mapOf(layers(3, { deadline: '5s', ops: { count: { retry } } })),
  )

  assert.notDeepEqual(once?.paths, thrice?.paths)
  assert.deepEqual(
    [once, thrice].map((map) => map?.paths[0]?.amplification.product),
    [1, 27],
  )
})
