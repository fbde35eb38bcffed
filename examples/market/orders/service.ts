/**
 * Orders: takes the customer's order, and writes down how it ended.
 *
 * The customer gets an answer as soon as the order is safe. What happens next is told by others:
 * inventory says sold out, payments says declined, the ledger says booked. Exactly one of them does.
 */
import { service, when } from 'holdfast'
import { kysely } from 'holdfast/kysely'
import type { Kysely } from 'kysely'
import { inventory } from '../inventory/contract.ts'
import { ledger } from '../ledger/contract.ts'
import { payments } from '../payments/contract.ts'
import { orders } from './contract.ts'

interface Tables {
  readonly prices: { readonly sku: string; readonly cents: number }
  readonly orders: {
    readonly order_id: string
    readonly sku: string
    readonly quantity: number
    readonly cents: number
    readonly status: 'pending' | 'paid' | 'rejected'
    readonly reason: 'soldOut' | 'declined' | null
  }
}

const database = kysely<Tables>({ migrations: new URL('./migrations/', import.meta.url) })

export const ordersService = service(orders, database, {
  handle: {
    place: async ({ tx, input, emit, refuse }) => {
      const price = await tx
        .selectFrom('prices')
        .select('cents')
        .where('sku', '=', input.sku)
        .executeTakeFirst()
      if (price === undefined) return refuse.unknownSku({ sku: input.sku })

      const { sku, quantity } = input
      const orderId = crypto.randomUUID()
      const cents = price.cents * quantity
      await tx
        .insertInto('orders')
        .values({ order_id: orderId, sku, quantity, cents, status: 'pending', reason: null })
        .execute()
      emit.placed({ orderId, sku, quantity, cents })
      return { orderId, status: 'pending' }
    },

    get: async ({ db, input, refuse }) => {
      const order = await db
        .selectFrom('orders')
        .select(['order_id as orderId', 'sku', 'quantity', 'cents', 'status', 'reason'])
        .where('order_id', '=', input.orderId)
        .executeTakeFirst()
      return order ?? refuse.unknownOrder({ orderId: input.orderId })
    },
  },

  when: [
    when(ledger.booked, async ({ tx, event }) => {
      await end(tx, event.orderId, { status: 'paid', reason: null })
    }),
    when(inventory.soldOut, async ({ tx, event }) => {
      await end(tx, event.orderId, { status: 'rejected', reason: 'soldOut' })
    }),
    when(payments.declined, async ({ tx, event }) => {
      await end(tx, event.orderId, { status: 'rejected', reason: 'declined' })
    }),
  ],
})

/** An order ends once: a second end finds no pending row and fails, loudly, instead of winning. */
async function end(
  tx: Kysely<Tables>,
  orderId: string,
  ending: Pick<Tables['orders'], 'status' | 'reason'>,
): Promise<void> {
  await tx
    .updateTable('orders')
    .set(ending)
    .where('order_id', '=', orderId)
    .where('status', '=', 'pending')
    .returning('order_id')
    .executeTakeFirstOrThrow()
}
