/**
 * N9: bandwidth is not infinite.
 *
 * Goal: whatever is too large is refused at the door by name, with the number and the limit, and nothing
 * of it is kept. Method: the shop is sent lines with notes of a kilobyte to four megabytes, and a caller
 * is given an answer that is larger than what it reads.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract, foreign, query, system } from 'holdfast'
import { type Load, simulate } from 'holdfast/sim'
import { z } from 'zod'
import { byHand, declared, ordersByHand } from './support/shop.ts'

const KIB = 1_024
const SIZES = [1, 100, 900, 1_025, 2_048, 4_096].map((size) => size * KIB)

/** Sends a line of each size, and gives the answers. */
async function sendAll(world: Load): Promise<readonly Awaited<ReturnType<Load['request']>>[]> {
  return Promise.all(
    SIZES.map(async (size) => {
      const body = { orderId: `o${size}`, n: 1, note: 'x'.repeat(size) }
      return world.request('orders', { method: 'POST', path: '/orders/add', body })
    }),
  )
}

test('accepted without a bound, what is too large is refused further on, and lost', async () => {
  let accepted = 0
  const { violations } = await simulate(byHand(), {
    seeds: 1,
    faults: [],
    foreign: { orders: ordersByHand },
    load: async (world) => {
      accepted = (await sendAll(world)).filter(({ status }) => status === 200).length
    },
    settled: {
      'every line that was accepted is packed': async ({ sql }) =>
        (await sql('warehouse')`select 1 from packed`).length === accepted,
    },
  })

  assert.equal(accepted, SIZES.length)
  assert.equal(violations[0]?.check, 'every line that was accepted is packed')
})

test('with a bound at the door, the large is refused with the limit, and the small is packed', async () => {
  let answers: readonly Awaited<ReturnType<Load['request']>>[] = []
  const { violations } = await simulate(declared(), {
    seeds: 5,
    faults: [],
    load: async (world) => {
      answers = await sendAll(world)
    },
    settled: {
      'every line that was accepted is packed, and no other is kept': async ({ sql }) => {
        const accepted = answers.filter(({ status }) => status === 200).length
        assert.equal(accepted, 3)
        assert.equal((await sql('warehouse')`select 1 from packed`).length, accepted)
        assert.equal((await sql('orders')`select 1 from line`).length, accepted)
      },
    },
  })

  assert.deepEqual(violations, [])
  for (const { status, text } of answers.slice(3)) {
    assert.equal(status, 413)
    assert.match(text, /HF_BODY_TOO_LARGE/)
    assert.match(text, /more than 1048576/)
  }
})

test('an answer that is too large is not read to its end, and the caller goes on', async () => {
  const album = contract('album', {
    picture: query({ input: z.object({ n: z.int() }), output: z.object({ bytes: z.string() }) }),
  })
  const heard: string[] = []
  const { violations } = await simulate(
    system('album', { services: [], foreign: [foreign(album)] }),
    {
      seeds: 1,
      faults: [],
      foreign: {
        album: () => ({ fetch: () => Response.json({ bytes: 'x'.repeat(9_000 * KIB) }) }),
      },
      load: async (world) => {
        const outcome = await world.client(album).picture.outcome({ n: 1 })
        heard.push('error' in outcome ? outcome.error.message : outcome.kind)
      },
    },
  )

  assert.deepEqual(violations, [])
  assert.match(heard[0] ?? '', /more than 8388608/)
})
