/**
 * O2: a blip becomes an outage that outlives its cause.
 *
 * Goal: once the trigger is gone, goodput comes back by itself. Method: a stock that does one request
 * after the other in 10 ms, in the order of arrival, at 70 % of what it can do. For three seconds it
 * does nothing. Then it works as before, and the question is for whom.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreign, system } from 'holdfast'
import { type Load, simulate } from 'holdfast/sim'
import { stock } from './support/layers.ts'
import { type Stock, stockThat } from './support/stocks.ts'

const WORK_MS = 10
const EVERY_MS = 14
const STALL_FROM_MS = 4_000
const STALL_UNTIL_MS = 7_000
const END_MS = 25_000
const PATIENCE_MS = 200

/** One worker with an endless queue: whoever has left is worked for all the same. */
function oneWorker(): Stock {
  let free = Promise.resolve()
  let beganMs: number | undefined
  return stockThat(async (_n, sleep) => {
    beganMs ??= performance.now()
    const sinceMs = beganMs
    const before = free
    free = (async () => {
      await before
      const atMs = performance.now() - sinceMs
      const isStalled = atMs >= STALL_FROM_MS && atMs < STALL_UNTIL_MS
      await sleep(isStalled ? STALL_UNTIL_MS - atMs : WORK_MS)
    })()
    await free
    return 200
  })
}

/** A way to ask: gives what asks once, and tells whether there was an answer in time. */
type Ask = (world: Load) => () => Promise<boolean>

/** The share of the callers of each second who were answered. */
async function answered(ask: Ask): Promise<readonly number[]> {
  const good: number[] = []
  const all: number[] = []
  const { violations } = await simulate(
    system('asking', { services: [], foreign: [foreign(stock)] }),
    {
      seeds: 1,
      faults: [],
      foreign: { stock: oneWorker().program },
      load: async (world) => {
        const callers: Promise<void>[] = []
        const once = ask(world)
        const counted = async (second: number): Promise<void> => {
          all[second] = (all[second] ?? 0) + 1
          if (await once()) good[second] = (good[second] ?? 0) + 1
        }
        for (let atMs = 0; atMs < END_MS; atMs += EVERY_MS) {
          callers.push(counted(Math.floor(atMs / 1_000)))
          // oxlint-disable-next-line no-await-in-loop -- callers come at a steady rate.
          await world.sleep(`${EVERY_MS}ms`)
        }
        await Promise.all(callers)
      },
    },
  )
  assert.deepEqual(violations, [])
  return all.map((count, second) => (good[second] ?? 0) / count)
}

const byHand: Ask = (world) => async () => {
  for (let tries = 1; tries <= 3; tries += 1) {
    const wish = { method: 'POST', path: '/stock/count', body: { sku: 's' } }
    // oxlint-disable-next-line no-await-in-loop -- asked again because the last time failed.
    const answer = await world
      .request('stock', { ...wish, deadline: `${PATIENCE_MS}ms` })
      .catch(() => undefined)
    if (answer?.status === 200) return true
  }
  return false
}

const overAnEdge: Ask = (world) => {
  const { count } = world.client(stock, { deadline: `${3 * PATIENCE_MS}ms` })
  return async () => (await count.outcome({ sku: 's' })).kind === 'done'
}
/** The first second after the stall. */
const OVER = STALL_UNTIL_MS / 1_000

test('three tries by hand keep the stock busy with those who have left, long after the stall', async () => {
  const shares = await answered(byHand)

  assert.ok(shares.slice(0, 3).every((share) => share === 1))
  assert.ok(shares.slice(OVER).every((share) => share < 0.05))
})

test('over an edge everybody is answered again within five seconds, without anybody doing anything', async () => {
  const shares = await answered(overAnEdge)

  assert.ok(shares.slice(0, 3).every((share) => share === 1))
  assert.ok(shares.slice(OVER + 5).every((share) => share > 0.99))
})
