/**
 * Orders that write two stores, in the user's own query builder: their table, and a neighbour.
 *
 * `sending` writes the row and sends the message before it commits. `emitting` puts the message into
 * the outbox of the same transaction. Both are given the same Kysely transaction.
 */
import { service, system, type System } from 'holdfast'
import { kysely } from 'holdfast/kysely'
import { orders, ordersTables, packing, tell } from './shop.ts'

interface Tables {
  readonly line: { readonly order_id: string; readonly n: number }
}

const database = kysely<Tables>({ migrations: ordersTables })

const ordersSending = service(orders, database, {
  handle: {
    add: async ({ tx, input }) => {
      await tx.insertInto('line').values({ order_id: input.orderId, n: input.n }).execute()
      if (!(await tell(JSON.stringify(input)))) throw new Error('the warehouse cannot be told')
    },
  },
})

const ordersEmitting = service(orders, database, {
  handle: {
    add: async ({ tx, input, emit }) => {
      await tx.insertInto('line').values({ order_id: input.orderId, n: input.n }).execute()
      emit.added(input)
    },
  },
})

/** The message leaves before the commit. */
export const sending: System = system('shop', { services: [ordersSending, packing('calls')] })

/** The message is part of the commit. */
export const emitting: System = system('shop', { services: [ordersEmitting, packing('events')] })
