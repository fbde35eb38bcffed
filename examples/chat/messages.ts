/**
 * The messages that one site knows, and the two rules that keep a talk readable.
 *
 * A site takes messages while it is cut off from the others, so what is written elsewhere comes late,
 * and a reply can overtake what it answers: Tokyo answers Berlin, and the way from Berlin to Lima is
 * cut.
 *
 * Invariants:
 *   M1. A message is shown only once what it answers is shown.
 *   M2. A message is stamped later than every message that its site knew, so it stands behind what it
 *       answers, however wrong the clocks are.
 *
 * Source: Lamport, "Time, Clocks, and the Ordering of Events" (1978), for M2; the stamp stays close to the
 * time of day as in Kulkarni, Demirbas et al., "Logical Physical Clocks" (OPODIS 2014). The database
 * remembers it, so that a crash does not set it back.
 */
import type { SqlExecutor } from 'holdfast'
import type { Message } from './contract.ts'

/** Messages that are read at once. */
const READ_MAX = 100

/** The stamp of what is written here and now (M2). */
export async function nextStamp(tx: SqlExecutor): Promise<number> {
  const { rows } = await tx.query<{ latest: number }>(
    'select coalesce(max(stamp), 0)::float8 as latest from messages',
  )
  return Math.max(Date.now(), (rows[0]?.latest ?? 0) + 1)
}

/** True if the message is shown here. */
export async function isShown(tx: SqlExecutor, id: string): Promise<boolean> {
  const { rowCount } = await tx.query('select 1 from messages where id = $1 and shown', [id])
  return rowCount > 0
}

/** Keeps a message, and shows it and whatever waited for it, if it may be shown (M1). */
export async function keep(tx: SqlExecutor, message: Message): Promise<void> {
  const { id, author, words, answers, stamp } = message
  await tx.query(
    `insert into messages (id, author, words, answers, stamp, shown)
     values ($1, $2, $3, $4, $5, false)`,
    [id, author, words, answers, stamp],
  )
  if (answers !== null && !(await isShown(tx, answers))) return
  await tx.query(
    `with recursive thread as (
       select $1::text as id
       union all
       select reply.id from messages reply join thread on reply.answers = thread.id
       where not reply.shown)
     update messages set shown = true where id in (select id from thread)`,
    [id],
  )
}

/** What is shown, oldest first. */
export async function shown(db: SqlExecutor): Promise<Message[]> {
  const { rows } = await db.query<Message>(
    `select id, author, words, answers, stamp::float8 as stamp from (
       select * from messages where shown order by stamp desc, id desc limit ${READ_MAX}) as latest
     order by stamp, id`,
  )
  return rows.map((row) => ({ ...row }))
}
