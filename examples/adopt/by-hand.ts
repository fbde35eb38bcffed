/**
 * The carrier asked as it is usually asked: `fetch`, and a loop where it matters.
 *
 * It has no deadline, no bound and no key, so a carrier that is silent holds every customer, and an answer
 * that is lost is a second parcel.
 */
import type { Price, Shipment, Shipping } from './shipping.ts'

const TRIES = 3

export function shippingByHand(origin: string): Shipping {
  return {
    async price(postcode, grams): Promise<Price> {
      const response = await fetch(`${origin}/quotes/${postcode}?grams=${grams}`)
      const { cents }: { readonly cents: number } = JSON.parse(await response.text())
      return { cents, isGuess: false }
    },
    async ship(shipment: Shipment): Promise<{ readonly parcelId: string }> {
      for (let attempt = 1; ; attempt += 1) {
        try {
          // oxlint-disable-next-line no-await-in-loop -- one try after the other.
          return await posted(origin, shipment)
        } catch (error) {
          if (attempt === TRIES) throw error
        }
      }
    },
  }
}

async function posted(origin: string, shipment: Shipment): Promise<{ readonly parcelId: string }> {
  const response = await fetch(`${origin}/parcels`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(shipment),
  })
  if (!response.ok) throw new Error(`the carrier answered ${response.status}`)
  return JSON.parse(await response.text())
}
