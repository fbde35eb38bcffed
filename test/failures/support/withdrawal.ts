/**
 * Ten accounts with 100 cents each, and a handler as everybody writes it first: it looks whether there is
 * enough, and takes the money in another statement. What its database declares decides what that does.
 */
import {
  command,
  contract,
  service,
  sql,
  system,
  type Service,
  type System,
  type TransactionIsolation,
} from 'holdfast'
import { z } from 'zod'

/** Where its tables are made. */
export const accountTables: URL = new URL('./accounts/', import.meta.url)

/** What others may rely on: money is taken once per id, or refused. */
export const accounts = contract('accounts', {
  withdraw: command({
    input: z.object({ id: z.string(), account: z.string(), cents: z.int().positive() }),
    refuses: { tooPoor: z.object({ cents: z.int() }) },
    key: ({ id }) => id,
  }),
})

/** What a handler does between the look and the act; nothing, unless a test wants two to meet there. */
export type Between = () => Promise<void>

/** The accounts, in a database of this isolation. */
export function accountsAt(
  isolation: TransactionIsolation,
  between: Between = async () => undefined,
): { readonly service: Service; readonly system: System } {
  const keeper = service(accounts, sql({ migrations: accountTables, isolation }), {
    handle: {
      withdraw: async ({ tx, input, refuse }) => {
        const { id, account, cents } = input
        const { rows } = await tx.query<{ cents: number }>(
          'select cents from account where id = $1',
          [account],
        )
        const left = rows[0]?.cents ?? 0
        if (left < cents) return refuse.tooPoor({ cents: left })
        await between()
        await tx.query('update account set cents = cents - $1 where id = $2', [cents, account])
        await tx.query('insert into withdrawal (id, cents) values ($1, $2)', [id, cents])
        return undefined
      },
    },
  })
  return { service: keeper, system: system('banking', { services: [keeper] }) }
}
