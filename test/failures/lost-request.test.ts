/**
 * N1: a request never arrives.
 *
 * Goal: nobody waits for longer than was declared, and what was lost is sent again where that is
 * harmless. Method: customers pay at a till that asks a card service, in worlds that lose requests.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreign, system } from 'holdfast'
import { simulate } from 'holdfast/sim'
import { cardService, shopping, till, tillWithoutDeadline } from './support/till.ts'

const DEADLINE_MS = 3_000

test('a call without a deadline waits for a lost request until `fetch` itself gives up, five minutes later', async () => {
  const byHand = system('shopping', { services: [cardService], foreign: [foreign(till)] })

  let longestMs = 0
  await simulate(byHand, {
    seeds: 4,
    faults: ['loss'],
    foreign: { till: tillWithoutDeadline },
    load: async (world) =>
      world.many(20, async (n) => {
        const beganMs = performance.now()
        const wish = { method: 'POST', path: '/till/pay', body: { orderId: `o${n}` } }
        await world.request('till', { ...wish, deadline: '10m' }).catch(() => undefined)
        longestMs = Math.max(longestMs, performance.now() - beganMs)
      }),
  })

  assert.ok(longestMs >= 300_000, `${longestMs} ms`)
})

test('over an edge no call outlives its deadline, and nearly every lost request is made good', async () => {
  const kinds: string[] = []
  let longestMs = 0
  const { violations, faultsFired } = await simulate(shopping, {
    seeds: 20,
    faults: ['loss'],
    load: async (world) => {
      const client = world.client(till, { deadline: `${DEADLINE_MS}ms` })
      await world.many(20, async (n) => {
        const beganMs = performance.now()
        kinds.push((await client.pay.outcome({ orderId: `o${n}` })).kind)
        longestMs = Math.max(longestMs, performance.now() - beganMs)
      })
    },
  })
  const isDone = kinds.filter((kind) => kind === 'done')
  assert.deepEqual(violations, [])
  assert.ok((faultsFired['loss'] ?? 0) >= 5)
  assert.ok(longestMs <= DEADLINE_MS + 1)
  assert.ok(isDone.length > 0.98 * kinds.length)
})
