/**
 * What others may rely on about inventory: how much there is, and what became of a placed order.
 */
import { command, contract, event, query } from 'holdfast'
import { z } from 'zod'

const sku = z.string().min(1).max(40)
const Stock = z.object({ sku, available: z.int().min(0) })

export const inventory = contract('inventory', {
  stock: query({
    input: z.object({ sku }),
    output: Stock,
    refuses: { unknownSku: z.object({ sku }) },
    http: { route: 'GET /stock/:sku' },
  }),

  restock: command({
    input: z.object({ sku, quantity: z.int().min(1).max(10_000) }),
    output: Stock,
    refuses: { unknownSku: z.object({ sku }) },
    key: 'from-caller',
    http: { route: 'POST /stock/:sku/restock' },
  }),

  reserved: event({
    payload: z.object({ orderId: z.uuid(), cents: z.int().positive() }),
    key: (reservation) => reservation.orderId,
  }),

  soldOut: event({
    payload: z.object({ orderId: z.uuid(), sku }),
    key: (refusal) => refusal.orderId,
  }),
})
