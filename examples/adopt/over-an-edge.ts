/**
 * The same over an arrow. It is the only file that knows Holdfast: the handlers do not.
 *
 * The carrier is not ours. `parcels.ts` was written from its OpenAPI document, so that what it answers is
 * checked, and what it never promised is not believed.
 */
import assert from 'node:assert/strict'
import { edge } from 'holdfast'
import { httpNetwork, nodeWorld, standaloneCaller } from 'holdfast/node'
import { parcels } from './parcels.ts'
import type { Shipping } from './shipping.ts'

/** A page may wait 400 ms for its price and shows a guess then. A parcel is worth three attempts. */
export const carrier = edge(parcels, {
  deadline: '2s',
  concurrency: { inFlight: 16, queue: 32 },
  ops: {
    quote: { deadline: '400ms', cache: { fresh: '1s' }, fallback: { cents: 990, days: null } },
    ship: { retry: 3 },
  },
})

/** `close` ends the connections to the carrier. */
export function shippingOverAnEdge(origin: string): Shipping & { close(): Promise<void> } {
  const network = httpNetwork()
  const call = standaloneCaller({
    world: nodeWorld(network),
    resolve: () => origin,
    name: 'shop',
    foreign: ['parcels'],
  })
  return {
    async price(postcode, grams, signal) {
      const outcome = await call.outcome(carrier.quote, { postcode, grams }, { signal })
      if (outcome.kind === 'done') return { cents: outcome.value.cents, isGuess: outcome.degraded }
      assert(outcome.kind !== 'refused', 'the contract of the carrier has no refusals')
      throw outcome.error
    },
    // One order is one parcel, however often this is asked: the order names the intent.
    ship: async (shipment, signal) =>
      call(carrier.ship, shipment, { key: `parcel-${shipment.orderId}`, signal }),
    close: async () => network.close(),
  }
}
