/**
 * The ledger: every cent that came in stands twice, once where it is and once where it came from.
 *
 * Plain SQL instead of a query builder: `tx` is whatever the database declaration makes of it.
 */
import { service, sql, when } from 'holdfast'
import { payments } from '../payments/contract.ts'
import { ledger } from './contract.ts'

const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

export const ledgerService = service(ledger, database, {
  handle: {
    balance: async ({ db, input }) => {
      // A sum of integers is a bigint, which arrives as a string; cents of a market fit a number.
      const { rows } = await db.query<{ readonly cents: string }>(
        'select coalesce(sum(cents), 0) as cents from entries where account = $1',
        [input.account],
      )
      return { account: input.account, cents: Number(rows[0]?.cents) }
    },
  },

  when: [
    when(payments.charged, async ({ tx, event, emit }) => {
      const { orderId, cents } = event
      await tx.query(
        `insert into entries (order_id, account, cents)
         values ($1, 'cash', $2), ($1, 'sales', $3)`,
        [orderId, cents, -cents],
      )
      emit.booked({ orderId })
    }),
  ],
})
