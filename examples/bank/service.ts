/**
 * The bank: two transfers from one account at once, and one way to book them that is right.
 *
 * The update decides and writes in one statement. Whoever comes second waits for the row and then sees
 * what the first has left; a handler that reads the balance, decides, and writes what it computed,
 * overwrites it (`booking.ts` has that one, too).
 */
import { type Service, service, sql } from 'holdfast'
import { type Book, bookAtomically } from './booking.ts'
import { bank } from './contract.ts'

const database = sql({ migrations: new URL('./migrations/', import.meta.url) })

/** The bank, with its way of booking a transfer. */
export function bankThat(book: Book): Service {
  return service(bank, database, {
    handle: {
      transfer: async ({ tx, input, refuse }) => {
        const { id, source, target, cents } = input
        if (!(await book(tx, input))) return refuse.tooPoor({ source })
        await tx.query(
          'insert into transfers (id, source, target, cents) values ($1, $2, $3, $4)',
          [id, source, target, cents],
        )
        return { id }
      },

      balance: async ({ db, input }) => {
        const { rows } = await db.query<{ cents: number }>(
          'select cents from accounts where id = $1',
          [input.account],
        )
        return { cents: rows[0]?.cents ?? 0 }
      },
    },
  })
}

export const bankService = bankThat(bookAtomically)
