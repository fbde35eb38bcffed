/**
 * Inventory: what is on the shelf, and for whom some of it was taken off.
 *
 * Two orders for the last truffle race in one `update`, and the database lets one of them win. A
 * reservation is `held` until the money has decided: then it is `sold`, or it goes back.
 */
import { service, when } from 'holdfast'
import { kysely } from 'holdfast/kysely'
import { orders } from '../orders/contract.ts'
import { payments } from '../payments/contract.ts'
import { inventory } from './contract.ts'

interface Tables {
  readonly stock: { readonly sku: string; readonly supplied: number; readonly available: number }
  readonly reservations: {
    readonly order_id: string
    readonly sku: string
    readonly quantity: number
    readonly status: 'held' | 'sold' | 'released'
  }
}

const database = kysely<Tables>({ migrations: new URL('./migrations/', import.meta.url) })

export const inventoryService = service(inventory, database, {
  handle: {
    stock: async ({ db, input, refuse }) => {
      const stock = await db
        .selectFrom('stock')
        .select(['sku', 'available'])
        .where('sku', '=', input.sku)
        .executeTakeFirst()
      return stock ?? refuse.unknownSku({ sku: input.sku })
    },

    restock: async ({ tx, input, refuse }) => {
      const stock = await tx
        .updateTable('stock')
        .set(({ eb }) => ({
          supplied: eb('supplied', '+', input.quantity),
          available: eb('available', '+', input.quantity),
        }))
        .where('sku', '=', input.sku)
        .returning(['sku', 'available'])
        .executeTakeFirst()
      return stock ?? refuse.unknownSku({ sku: input.sku })
    },
  },

  when: [
    when(orders.placed, async ({ tx, event, emit }) => {
      const { orderId, sku, quantity, cents } = event
      const taken = await tx
        .updateTable('stock')
        .set(({ eb }) => ({ available: eb('available', '-', quantity) }))
        .where('sku', '=', sku)
        .where('available', '>=', quantity)
        .returning('sku')
        .executeTakeFirst()
      if (taken === undefined) return emit.soldOut({ orderId, sku })

      await tx
        .insertInto('reservations')
        .values({ order_id: orderId, sku, quantity, status: 'held' })
        .execute()
      emit.reserved({ orderId, cents })
    }),

    when(payments.charged, async ({ tx, event }) => {
      await tx
        .updateTable('reservations')
        .set({ status: 'sold' })
        .where('order_id', '=', event.orderId)
        .where('status', '=', 'held')
        .returning('order_id')
        .executeTakeFirstOrThrow()
    }),

    when(payments.declined, async ({ tx, event }) => {
      const { sku, quantity } = await tx
        .updateTable('reservations')
        .set({ status: 'released' })
        .where('order_id', '=', event.orderId)
        .where('status', '=', 'held')
        .returning(['sku', 'quantity'])
        .executeTakeFirstOrThrow()
      await tx
        .updateTable('stock')
        .set(({ eb }) => ({ available: eb('available', '+', quantity) }))
        .where('sku', '=', sku)
        .execute()
    }),
  ],
})
