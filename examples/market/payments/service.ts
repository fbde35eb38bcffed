/**
 * Payments: the one place where somebody else's money machine is asked.
 *
 * `ask` calls the provider and holds no transaction, so a slow provider holds no lock. When it is not
 * known whether the card was charged, `ask` throws: nothing is written, the event comes again, and the
 * provider is asked again with the same key, which is how it knows that it is the same charge.
 */
import { after, edge, service, when } from 'holdfast'
import { kysely } from 'holdfast/kysely'
import { inventory } from '../inventory/contract.ts'
import { provider } from '../provider/contract.ts'
import { payments } from './contract.ts'

interface Tables {
  readonly payments: {
    readonly order_id: string
    readonly cents: number
    readonly status: 'charged' | 'declined'
    readonly charge_id: string | null
  }
}

const database = kysely<Tables>({ migrations: new URL('./migrations/', import.meta.url) })

const money = edge(provider, { deadline: '2s', ops: { charge: { retry: 3 } } })

export const paymentsService = service(payments, database, {
  uses: [money],

  handle: {
    get: async ({ db, input, refuse }) => {
      const payment = await db
        .selectFrom('payments')
        .select(['order_id as orderId', 'cents', 'status'])
        .where('order_id', '=', input.orderId)
        .executeTakeFirst()
      return payment ?? refuse.unknownPayment({ orderId: input.orderId })
    },
  },

  when: [
    when(
      inventory.reserved,
      after(
        async ({ input, call }) => {
          const outcome = await call.outcome(money.charge, input)
          if (outcome.kind === 'done') return { chargeId: outcome.value.chargeId }
          if (outcome.kind === 'refused') return { declined: outcome.refusal.data.reason }
          throw outcome.error
        },
        async ({ tx, event, asked, emit }) => {
          const { orderId, cents } = event
          const isCharged = asked.chargeId !== undefined
          await tx
            .insertInto('payments')
            .values({
              order_id: orderId,
              cents,
              status: isCharged ? 'charged' : 'declined',
              charge_id: asked.chargeId ?? null,
            })
            .execute()
          if (isCharged) emit.charged({ orderId, cents })
          else emit.declined({ orderId, reason: asked.declined })
        },
      ),
    ),
  ],
})
