/**
 * Goal: one arrow of a program that has a framework of its own makes the difference, and the handlers do
 * not change. Method: the shop of `examples/adopt` on real ports in Express, Fastify and Hono, once by hand
 * and once over the arrow, with a carrier that has bad days.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { suite, test } from 'node:test'
import { shippingByHand } from '../../examples/adopt/by-hand.ts'
import { type Carrier, type Mood, startCarrier } from '../../examples/adopt/carrier.ts'
import { shippingOverAnEdge } from '../../examples/adopt/over-an-edge.ts'
import { frameworks } from '../../examples/adopt/serve.ts'
import type { Shipping } from '../../examples/adopt/shipping.ts'
import { foreignContractOf } from '#map'

/** Longer than any deadline of the arrow; who has no answer by then has waited too long. */
const PATIENCE_MS = 1_500
const CUSTOMERS = 60
/** `concurrency` of the arrow. */
const IN_FLIGHT_MAX = 16

interface Shop {
  readonly carrier: Carrier
  /** Status and body, or 0 where nobody answered in time. */
  readonly ask: (path: string, body?: object) => Promise<readonly [status: number, body: string]>
}

async function inShop(
  name: string,
  { mood, by }: { readonly mood: Mood; readonly by: (origin: string) => Shipping },
  visit: (shop: Shop) => Promise<void>,
): Promise<void> {
  await using carrier = await startCarrier()
  carrier.mood = mood
  const shipping = by(carrier.origin)
  await using served = await (frameworks[name] ?? assert.fail(name))(shipping)
  const ask: Shop['ask'] = async (path, body) => {
    const signal = AbortSignal.timeout(PATIENCE_MS)
    const headers = { 'content-type': 'application/json' }
    const post = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers }
    return fetch(`${served.origin}${path}`, { ...post, signal }).then(
      async (response) => [response.status, await response.text()] as const,
      () => [0, 'nobody answered'] as const,
    )
  }
  await visit({ carrier, ask })
  if ('close' in shipping && typeof shipping.close === 'function') await shipping.close()
}

const page = '/shipping/10115?grams=500'
const parcel = { postcode: '10115', grams: 500 }
const guess = [200, '{"cents":990,"isGuess":true}']

for (const name of Object.keys(frameworks)) {
  suite(name, () => {
    test('by hand, a silent carrier holds every customer', async () => {
      await inShop(name, { mood: 'silent', by: shippingByHand }, async ({ carrier, ask }) => {
        const pages = await Promise.all(Array.from({ length: CUSTOMERS }, async () => ask(page)))
        assert.deepEqual(
          pages,
          Array.from({ length: CUSTOMERS }, () => [0, 'nobody answered']),
        )
        assert.equal(carrier.waiting.most, CUSTOMERS)
      })
    })

    test('over the arrow, each of them has a page in time, and the carrier sixteen requests', async () => {
      await inShop(name, { mood: 'silent', by: shippingOverAnEdge }, async ({ carrier, ask }) => {
        const all = Array.from({ length: CUSTOMERS }, async (_, index) =>
          ask(`/shipping/10115?grams=${index + 1}`),
        )
        assert.deepEqual(
          await Promise.all(all),
          Array.from({ length: CUSTOMERS }, () => guess),
        )
        assert.ok(carrier.waiting.most <= IN_FLIGHT_MAX, `${carrier.waiting.most} at once`)
      })
    })

    test('by hand, an answer that is lost is a second parcel', async () => {
      await inShop(name, { mood: 'forgetful', by: shippingByHand }, async ({ carrier, ask }) => {
        const [status] = await ask('/orders/o1/parcel', parcel)
        assert.deepEqual([status, carrier.shipped], [200, ['o1', 'o1']])
      })
    })

    test('over the arrow, it is one parcel, however often it is asked for', async () => {
      await inShop(
        name,
        { mood: 'forgetful', by: shippingOverAnEdge },
        async ({ carrier, ask }) => {
          const first = await ask('/orders/o1/parcel', parcel)
          const again = await ask('/orders/o1/parcel', parcel)
          assert.deepEqual([first[0], carrier.shipped], [200, ['o1']])
          assert.deepEqual(again, first)
        },
      )
    })

    test('by hand, rubbish is a page that broke; over the arrow, a guess', async () => {
      await inShop(name, { mood: 'rubbish', by: shippingByHand }, async ({ ask }) =>
        assert.equal((await ask(page))[0], 500),
      )
      await inShop(name, { mood: 'rubbish', by: shippingOverAnEdge }, async ({ ask }) =>
        assert.deepEqual(await ask(page), guess),
      )
    })

    test('what the document does not allow is not sent', async () => {
      await inShop(name, { mood: 'well', by: shippingOverAnEdge }, async ({ carrier, ask }) => {
        const [status, body] = await ask('/shipping/nowhere?grams=-1')
        assert.deepEqual([status, /HF_INPUT_INVALID/.test(body)], [400, true])
        assert.equal(carrier.waiting.most, 0)
        assert.deepEqual(await ask(page), [200, '{"cents":490,"isGuess":false}'])
      })
    })
  })
}

test('the contract of the carrier is what `holdfast import openapi` writes', () => {
  const document: unknown = JSON.parse(
    readFileSync(new URL('../../examples/adopt/parcels.openapi.json', import.meta.url), 'utf8'),
  )
  const made = foreignContractOf(document, 'parcels')
  const kept = readFileSync(new URL('../../examples/adopt/parcels.ts', import.meta.url), 'utf8')

  assert.ok(typeof made === 'object')
  assert.equal(bare(kept), bare(made.text))
  assert.deepEqual(made.leftOut, [
    'PATCH /parcels/{id}/label: left out: a contract has no route of this method',
  ])
})

/** The formatter breaks lines and puts commas at their ends. */
function bare(text: string): string {
  return text.replaceAll(/\s+/g, '').replaceAll(/,(?=[}\])])/g, '')
}
