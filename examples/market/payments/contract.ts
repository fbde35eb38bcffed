/**
 * What others may rely on about payments: what became of the money of a reserved order.
 */
import { contract, event, query } from 'holdfast'
import { z } from 'zod'

const orderId = z.uuid()
const cents = z.int().positive()

export const payments = contract('payments', {
  get: query({
    input: z.object({ orderId }),
    output: z.object({ orderId, cents, status: z.enum(['charged', 'declined']) }),
    refuses: { unknownPayment: z.object({ orderId }) },
    http: { route: 'GET /payments/:orderId' },
  }),

  charged: event({
    payload: z.object({ orderId, cents }),
    key: (charge) => charge.orderId,
  }),

  declined: event({
    payload: z.object({ orderId, reason: z.string().max(200) }),
    key: (refusal) => refusal.orderId,
  }),
})
