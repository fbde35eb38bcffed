/**
 * What others may rely on about orders: how one is placed and read, and the fact that it was placed.
 */
import { command, contract, event, query } from 'holdfast'
import { z } from 'zod'

const Line = z.object({ sku: z.string().min(1).max(40), quantity: z.int().min(1).max(100) })

const Order = z.object({
  orderId: z.uuid(),
  ...Line.shape,
  cents: z.int().positive(),
  status: z.enum(['pending', 'paid', 'rejected']),
  /** Why it was rejected. */
  reason: z.enum(['soldOut', 'declined']).nullable(),
})

export const orders = contract('orders', {
  /** The key is the customer's: one intent, one `Idempotency-Key`, one order. */
  place: command({
    input: Line,
    output: z.object({ orderId: z.uuid(), status: z.literal('pending') }),
    refuses: { unknownSku: z.object({ sku: z.string() }) },
    key: 'from-caller',
    http: { route: 'POST /orders', status: 202 },
  }),

  get: query({
    input: z.object({ orderId: z.uuid() }),
    output: Order,
    refuses: { unknownOrder: z.object({ orderId: z.uuid() }) },
    freshness: 'read-your-writes',
    http: { route: 'GET /orders/:orderId' },
  }),

  placed: event({
    payload: Order.pick({ orderId: true, sku: true, quantity: true, cents: true }),
    key: (order) => order.orderId,
  }),
})
