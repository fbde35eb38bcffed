/**
 * Three ways to move money between two rows: one that decides and writes at once, one that locks
 * before it reads, and the one that loses updates.
 */
import type { SqlExecutor } from 'holdfast'
import type { z } from 'zod'
import type { Transfer } from './contract.ts'

/** Moves the money, and tells whether there was enough. */
export type Book = (tx: SqlExecutor, transfer: z.infer<typeof Transfer>) => Promise<boolean>

/** The statement that takes the money is the one that looks whether it is there. */
export const bookAtomically: Book = async (tx, { source, target, cents }) => {
  const taken = await tx.query(
    'update accounts set cents = cents - $2 where id = $1 and cents >= $2',
    [source, cents],
  )
  if (taken.rowCount === 0) return false
  await tx.query('update accounts set cents = cents + $2 where id = $1', [target, cents])
  return true
}

/** Whoever reads second waits until the first has written. Rows are locked in one order: no deadlock. */
export const bookUnderLock: Book = async (tx, { source, target, cents }) => {
  const { rows } = await tx.query<{ id: string; cents: number }>(
    'select id, cents from accounts where id in ($1, $2) order by id for update',
    [source, target],
  )
  return write(tx, new Map(rows.map((row) => [row.id, row.cents])), { source, target, cents })
}

/** Wrong: between what it reads and what it writes, another transfer may have been booked. */
export const bookWhatWasRead: Book = async (tx, { source, target, cents }) => {
  const { rows } = await tx.query<{ id: string; cents: number }>(
    'select id, cents from accounts where id in ($1, $2)',
    [source, target],
  )
  return write(tx, new Map(rows.map((row) => [row.id, row.cents])), { source, target, cents })
}

async function write(
  tx: SqlExecutor,
  balances: ReadonlyMap<string, number>,
  transfer: { readonly source: string; readonly target: string; readonly cents: number },
): Promise<boolean> {
  const { source, target, cents } = transfer
  const left = (balances.get(source) ?? 0) - cents
  if (left < 0) return false
  if (source === target) return true
  const change = 'update accounts set cents = $2 where id = $1'
  await tx.query(change, [source, left])
  await tx.query(change, [target, (balances.get(target) ?? 0) + cents])
  return true
}
