/**
 * A till, and an auditor who must hear of every deposit, once, in the order of its account.
 */
import { service, sql, system, when } from 'holdfast'
import { audit, till } from './contract.ts'

const tillService = service(till, sql({ migrations: new URL('./migrations/', import.meta.url) }), {
  handle: {
    deposit: async ({ tx, input, emit }) => {
      const { id, account, cents } = input
      const { rows } = await tx.query<{ deposits: number }>(
        `update account set cents = cents + $2, deposits = deposits + 1 where name = $1
         returning deposits`,
        [account, cents],
      )
      const number = rows[0]?.deposits ?? 0
      await tx.query('insert into entry (id, account, cents) values ($1, $2, $3)', [
        id,
        account,
        cents,
      ])
      emit.deposited({ account, number })
      return { id, number }
    },

    withdraw: async ({ tx, input, refuse }) => {
      const { id, account, cents } = input
      const { rows } = await tx.query<{ cents: number }>(
        'update account set cents = cents - $2 where name = $1 returning cents',
        [account, cents],
      )
      await tx.query('insert into entry (id, account, cents) values ($1, $2, $3)', [
        id,
        account,
        -cents,
      ])
      if ((rows[0]?.cents ?? 0) < 0) return refuse.tooPoor({})
      return { id }
    },

    tick: async ({ tx }) => {
      await tx.query('update meter set ticks = ticks + 1')
    },
  },
})

const auditService = service(audit, sql({ migrations: new URL('./audit/', import.meta.url) }), {
  handle: {},
  when: [
    when(till.deposited, async ({ tx, event }) => {
      await tx.query('insert into heard (account, number) values ($1, $2)', [
        event.account,
        event.number,
      ])
    }),
  ],
})

export const tills = system('tills', { services: [tillService, auditService] })
