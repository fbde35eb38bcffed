/**
 * An order is placed in a transaction of Prisma: the row, the event and the key commit together.
 */
import { contract, event, service, sql, system, when } from 'holdfast'
import { fromPrisma, once, outbox } from 'holdfast/node'
import { z } from 'zod'

export const orders = contract('orders', {
  placed: event({
    payload: z.object({ orderId: z.string(), cents: z.int() }),
    key: (order) => order.orderId,
  }),
})

const db = sql({ migrations: new URL('migrations/', import.meta.url) })

/** Who tells whom. The host of this system carries the events. */
export const shop = system('shop', {
  services: [
    service(orders, db, { handle: {} }),
    service(contract('mail', {}), db, { handle: {}, when: [when(orders.placed, () => {})] }),
  ],
})

const events = outbox(orders, shop)

/** Places an order once, however often it is asked for. */
export function place(prisma, { orderId, cents }) {
  return prisma.$transaction(async (tx) => {
    const executor = fromPrisma(tx)
    return once(executor, `place ${orderId}`, async () => {
      await tx.order.create({ data: { id: orderId, cents } })
      await events.placed(executor, { orderId, cents })
      return { orderId }
    })
  })
}
