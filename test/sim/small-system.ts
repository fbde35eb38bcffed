/**
 * The system that the simulation's own tests simulate: a bank, and an auditor who hears of deposits.
 *
 * `deposit` is keyed and therefore safe to repeat. `tick` is not: it stands for every handler that
 * somebody wrote without thinking of a lost answer.
 */
import { command, contract, event, service, sql, system, type System, when } from 'holdfast'
import { z } from 'zod'

const Deposit = z.object({ id: z.string(), cents: z.int() })

/** The bank's contract. */
export const bank = contract('bank', {
  deposit: command({ input: Deposit, key: (deposit) => deposit.id }),
  tick: command({ input: z.object({}), http: { route: 'POST /tick' } }),
  deposited: event({ payload: Deposit, key: (deposit) => deposit.id }),
})

/** The auditor's contract: it only listens. */
export const audit = contract('audit', {})

const bankService = service(
  bank,
  sql({ migrations: new URL('./bank/migrations/', import.meta.url) }),
  {
    handle: {
      deposit: async ({ tx, input, emit }) => {
        await tx.query('insert into deposit (id, cents) values ($1, $2)', [input.id, input.cents])
        emit.deposited(input)
      },
      tick: async ({ tx }) => {
        await tx.query('update meter set ticks = ticks + 1')
      },
    },
  },
)

const auditService = service(
  audit,
  sql({ migrations: new URL('./audit/migrations/', import.meta.url) }),
  {
    handle: {},
    when: [
      when(bank.deposited, async ({ tx, event: { id, cents } }) => {
        await tx.query('insert into seen (id, cents) values ($1, $2)', [id, cents])
      }),
    ],
  },
)

/** Both. */
export const smallSystem: System = system('small', { services: [bankService, auditService] })
