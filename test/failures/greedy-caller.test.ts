/**
 * O5: one caller takes all capacity.
 *
 * Goal: a caller who asks too often is told to wait, and nobody else notices. Method: the stock does one
 * request after the other in 10 ms; a crawler asks the page for 300 articles in a second and a half, and
 * meanwhile a shop asks for one at a time.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Load, simulate } from 'holdfast/sim'
import { limited } from './support/layers.ts'
import { stockThat } from './support/stocks.ts'

const CRAWLED = 300
const CRAWLERS = 5
const VISITS = 15
const WORK_MS = 10

type RawAnswer = Awaited<ReturnType<Load['request']>>

/** What the shop and the crawler got. */
interface Got {
  readonly shopServed: number
  readonly crawler: readonly RawAnswer[]
}

async function crawled(quota?: Parameters<typeof limited>[0]): Promise<Got> {
  let free = Promise.resolve()
  const oneWorker = stockThat(async (_n, sleep) => {
    free = free.then(() => sleep(WORK_MS))
    await free
    return 200
  })
  const crawler: RawAnswer[] = []
  let shopServed = 0
  const crawl = async (world: Load): Promise<void> => {
    const one = async (): Promise<unknown> =>
      world.many(CRAWLED / CRAWLERS, async (n) => {
        crawler.push(await ask(world, 'crawler', `c${n}`))
      })
    await Promise.all(Array.from({ length: CRAWLERS }, one))
  }
  const visit = async (world: Load): Promise<void> => {
    for (let n = 0; n < VISITS; n += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one at a time.
      if ((await ask(world, 'shop', `s${n}`)).status === 200) shopServed += 1
      // oxlint-disable-next-line no-await-in-loop -- while the crawler is there.
      await world.sleep('50ms')
    }
  }
  const { violations } = await simulate(limited(quota), {
    seeds: 1,
    faults: [],
    foreign: { stock: oneWorker.program },
    load: async (world) => Promise.all([crawl(world), visit(world)]),
  })
  assert.deepEqual(violations, [])
  return { shopServed: shopServed / VISITS, crawler }
}

async function ask(world: Load, caller: string, sku: string): Promise<RawAnswer> {
  const headers = { 'holdfast-caller': caller, 'holdfast-deadline-ms': '300' }
  return world.request('page', { method: 'POST', path: '/page/count', body: { sku }, headers })
}
const of = (answers: readonly RawAnswer[], status: number): readonly RawAnswer[] =>
  answers.filter((answer) => answer.status === status)

test('without a quota half of the visits to the shop find no answer while the crawler is there', async () => {
  const { shopServed, crawler } = await crawled()

  assert.ok(shopServed < 0.6, `${shopServed} of the visits`)
  assert.ok(of(crawler, 200).length < CRAWLED / 4, 'and the crawler has little of it, too')
})

test('with a quota the crawler is told when to come again, and the shop notices nothing', async () => {
  const { shopServed, crawler } = await crawled({ perSecond: 20 })

  assert.equal(shopServed, 1)
  assert.ok(of(crawler, 200).length >= 40, 'its burst, and 20 a second')
  assert.ok(of(crawler, 429).length > CRAWLED / 2)
  assert.ok(of(crawler, 429).every(({ headers }) => Number(headers['retry-after']) >= 1))
})
