/**
 * What Parcels promises. Written by `holdfast import openapi`: write it again, do not edit it.
 */
import { command, contract, query } from 'holdfast'
import { z } from 'zod'

export const parcels = contract('parcels', {
  /** What a parcel to this place costs. */
  quote: query({
    input: z.object({
      postcode: z.string().regex(/^[0-9]{5}$/u),
      grams: z.int().min(1).max(30000),
    }),
    output: z.object({ cents: z.int().min(0), days: z.union([z.int().min(1), z.null()]) }),
    http: { route: 'GET /quotes/:postcode' },
  }),
  /** Fetches a parcel and delivers it. Once for each key. */
  ship: command({
    input: z.object({
      orderId: z.string().min(1),
      postcode: z.string().regex(/^[0-9]{5}$/u),
      grams: z.int().min(1).max(30000),
    }),
    output: z.object({ parcelId: z.string(), status: z.enum(['announced', 'fetched']) }),
    key: 'from-caller',
    http: { route: 'POST /parcels' },
  }),
})
