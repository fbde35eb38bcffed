/**
 * The inbox: one row for each thing that was done, inserted before it is done.
 *
 * Intuition: the row and the effect commit together, so the unique constraint decides who acts. A
 * duplicate that arrives meanwhile waits at the constraint; when the first commits it finds the row
 * and its reply, when the first rolls back it becomes the first. There is no state "in progress",
 * so a crash leaves nothing to clean up.
 *
 * Invariants:
 *   I1. `claim` is the first statement of the transaction that has the effect.
 *   I2. `prior` is a statement of its own: in one statement with the insert it would read the
 *       snapshot from before the winner committed, and find nothing.
 *   I3. A reply is kept as the bytes that were sent, so that a replay is the same to the byte.
 *
 * Source: IETF draft idempotency-key-header; ADR 0017.
 */
import type { Rows } from '#model'
import type { Statement } from './connection.ts'

/** Whatever can run a statement; a claim needs the transaction that has the effect. */
interface Executor {
  query<Row>(text: string, params?: readonly unknown[]): Promise<Rows<Row>>
}

/** What is claimed: `id` is unique within `scope` for as long as the row is kept. */
export interface Claim {
  /** `call:<service>.<operation>:<caller>` or `event:<edge>`. */
  readonly scope: string
  readonly id: string
  /** SHA-256 of the input, where another input under the same id must be refused. */
  readonly fingerprint?: Uint8Array
}

/** What is known of something that was claimed before. */
export interface Prior {
  /** 'void': cancelled before it arrived. 'dead': given up by an operator. */
  readonly state: 'done' | 'void' | 'dead'
  readonly fingerprint: Uint8Array | undefined
  readonly status: number | undefined
  readonly reply: string | undefined
}

/** Claims the id. False if it was claimed before; waits for a concurrent claimer, at most the lock timeout. */
export async function claim(tx: Executor, { scope, id, fingerprint }: Claim): Promise<boolean> {
  const { rowCount } = await tx.query(
    'insert into hf.inbox (scope, id, fp) values ($1, $2, $3) on conflict do nothing',
    [scope, id, fingerprint ?? null],
  )
  return rowCount === 1
}

/** Claims each of the ids, and gives those that were not claimed before, as `claim` does. */
export async function claimAll(
  tx: Executor,
  scope: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ id: string }>(
    `insert into hf.inbox (scope, id) select $1, id from unnest($2::text[]) as wanted(id)
     on conflict do nothing returning id`,
    [scope, ids],
  )
  return new Set(rows.map(({ id }) => id))
}

/** What an earlier, committed claim left behind; `undefined` if there is none. */
export async function prior(executor: Executor, { scope, id }: Claim): Promise<Prior | undefined> {
  const { rows } = await executor.query<{
    state: Prior['state']
    fp: Uint8Array | null
    status: number | null
    reply: string | null
  }>('select state, fp, status, reply from hf.inbox where scope = $1 and id = $2', [scope, id])
  const row = rows[0]
  if (row === undefined) return undefined
  return {
    state: row.state,
    fingerprint: row.fp ?? undefined,
    status: row.status ?? undefined,
    reply: row.reply ?? undefined,
  }
}

/** Keeps the answer beside the claim, in the transaction that has the effect. */
export async function keepReply(tx: Executor, wanted: Claim, answer: Kept): Promise<void> {
  const { text, params } = keptReply(wanted, answer)
  await tx.query(text, params)
}

/** What is kept of an answer. */
interface Kept {
  readonly status: number
  readonly reply: string
}

/** The statement with which `keepReply` keeps it. */
export function keptReply({ scope, id }: Claim, { status, reply }: Kept): Statement {
  return {
    text: 'update hf.inbox set status = $3, reply = $4 where scope = $1 and id = $2',
    params: [scope, id, status, reply],
  }
}
