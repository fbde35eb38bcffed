/**
 * What a shop wants of its carrier: a price for its page, and parcels on their way. Each framework serves
 * the same two routes over it, once by hand and once over the arrow.
 *
 * ```text
 *   GET  /shipping/:postcode?grams=500   what it costs
 *   POST /orders/:orderId/parcel         ship it
 * ```
 */

/** A price, or a guess where the carrier did not say. */
export interface Price {
  readonly cents: number
  readonly isGuess: boolean
}

/** What is shipped. */
export interface Shipment {
  readonly orderId: string
  readonly postcode: string
  readonly grams: number
}

/** `signal` aborts when the customer has left. */
export interface Shipping {
  price(postcode: string, grams: number, signal?: AbortSignal): Promise<Price>
  ship(shipment: Shipment, signal?: AbortSignal): Promise<{ readonly parcelId: string }>
}
