/**
 * Two contracts with one operation of each sort, for the type tests.
 */
import { command, contract, event, query } from 'holdfast'
import { z } from 'zod'

const Order = z.object({ orderId: z.string(), cents: z.int() })

export const orders = contract('orders', {
  place: command({
    input: Order,
    output: z.object({ status: z.literal('pending') }),
    refuses: { tooMuch: z.object({ limitCents: z.int() }) },
    key: (order) => order.orderId,
    http: { route: 'POST /orders', status: 202 },
  }),
  get: query({
    input: z.object({ orderId: z.string() }),
    output: z.object({ status: z.string() }),
    freshness: 'read-your-writes',
  }),
  placed: event({ payload: Order, key: (order) => order.orderId }),
})

export const payments = contract('payments', {
  authorize: command({
    input: Order,
    output: z.object({ authId: z.string() }),
    refuses: { declined: z.object({ reason: z.string() }) },
    key: (order) => order.orderId,
  }),
  release: command({ input: z.object({ orderId: z.string() }), key: (input) => input.orderId }),
  /** The only command without a key: it cannot be repeated. */
  refund: command({ input: z.object({ orderId: z.string() }) }),
  capture: command({ input: z.object({ orderId: z.string() }), key: 'from-caller' }),
  balance: query({
    input: z.object({ account: z.string() }),
    output: z.object({ cents: z.int() }),
    freshness: '5s',
  }),
  authorized: event({ payload: z.object({ id: z.string() }), key: (payload) => payload.id }),
})
