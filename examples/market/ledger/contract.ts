/**
 * What others may rely on about the ledger: that a charge was booked, and what an account holds.
 */
import { contract, event, query } from 'holdfast'
import { z } from 'zod'

const account = z.enum(['cash', 'sales'])

export const ledger = contract('ledger', {
  balance: query({
    input: z.object({ account }),
    output: z.object({ account, cents: z.int() }),
    http: { route: 'GET /accounts/:account' },
  }),

  booked: event({
    payload: z.object({ orderId: z.uuid() }),
    key: (booking) => booking.orderId,
  }),
})
