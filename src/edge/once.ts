/**
 * One handler, one owner, one transaction: the only place where an effect is committed.
 *
 * Commands and event handlers both end here. In this order, in one transaction: the inbox row (who
 * acts is decided before anything is done), the handler's rows, the events, the reply. A duplicate
 * commits nothing and gets the reply of the first.
 *
 * Invariants:
 *   O1. The claim is the first statement; the handler does not run without it.
 *   O2. What the handler wrote before it refused is undone; the refusal itself is kept.
 *   O3. Events enter the outbox in the handler's transaction, so they exist if and only if it commits.
 *   O4. An exception rolls everything back, the claim included: nothing is remembered of it.
 */
import { HoldfastError, isHoldfastError } from '#errors'
import {
  type Claim,
  type Database,
  type Prior,
  type Transaction,
  type TransactionOptions,
  claim,
  claimAll,
  keptReply,
  prior,
} from '#state'
import type { Emission } from './event/emission.ts'
import { prepare } from './event/outbox.ts'
import type { Site } from './site.ts'

/** What a handler's run left to be committed. */
export interface Effect {
  readonly status: number
  /** The body of the answer, exactly as it will be sent; `undefined` if nobody will read it again. */
  readonly reply: string | undefined
  readonly emissions: readonly Emission[]
  /** True if the handler said no: then nothing it wrote or emitted is kept, only the reply. */
  readonly isRefused: boolean
}

/** What came of it: the reply, and whether it was there before. */
export interface Answer {
  readonly status: number
  readonly reply: string
  readonly isReplayed: boolean
}

/** The share of the time that may pass waiting for one lock: the rest is there to say that it did. */
const LOCK_SHARE = 0.8

/** The longest wait for one lock, in ms: longer, and a session is better used by somebody else. */
const LOCK_MS_MAX = 5_000

/** Runs `handler` in one transaction, once per claim. `undefined`: not claimed, runs every time. */
export async function once(
  site: Site,
  { claim: wanted, timeoutMs }: { readonly claim: Claim | undefined; readonly timeoutMs: number },
  handler: (tx: Transaction) => Promise<Effect>,
): Promise<Answer> {
  const done = await site.database.transaction(boundsOf(site, timeoutMs), async (tx) => {
    if (wanted !== undefined && !(await claiming(() => claim(tx, wanted), wanted.id))) {
      return { answer: await replay(tx, wanted), flushed: undefined }
    }
    const effect = await undoneIfRefused(tx, handler)
    const flushed = effect.isRefused ? undefined : prepare(site, effect.emissions)
    if (flushed?.statement !== undefined) tx.beforeCommit(flushed.statement)
    const { status, reply } = effect
    if (wanted !== undefined && reply !== undefined)
      tx.beforeCommit(keptReply(wanted, { status, reply }))
    return { answer: { status, reply: reply ?? '', isReplayed: false }, flushed }
  })
  done.flushed?.committed()
  return done.answer
}

/** What is claimed together: ids of one scope. */
export interface Claims {
  readonly scope: string
  readonly ids: readonly string[]
  readonly timeoutMs: number
}

/**
 * Runs `handler` for each id that was not claimed before, in their order, all in one transaction, and
 * gives those ids. For events: nobody can refuse, and nobody waits for an answer.
 */
export async function onceEach(
  site: Site,
  { scope, ids, timeoutMs }: Claims,
  handler: (tx: Transaction, id: string) => Promise<readonly Emission[]>,
): Promise<ReadonlySet<string>> {
  const done = await site.database.transaction(boundsOf(site, timeoutMs), async (tx) => {
    const fresh = await claiming(() => claimAll(tx, scope, ids), scope)
    const emissions: Emission[] = []
    for (const id of new Set(ids)) {
      // oxlint-disable-next-line no-await-in-loop -- one transaction runs one statement at a time, in order.
      if (fresh.has(id)) emissions.push(...(await handler(tx, id)))
    }
    const flushed = prepare(site, emissions)
    if (flushed.statement !== undefined) tx.beforeCommit(flushed.statement)
    return { fresh, flushed }
  })
  done.flushed.committed()
  return done.fresh
}

function boundsOf({ service }: Site, timeoutMs: number): TransactionOptions {
  const { isolation = 'read committed' } = service.db
  return { timeoutMs, isolation, lockTimeoutMs: Math.min(LOCK_MS_MAX, timeoutMs * LOCK_SHARE) }
}

/** Claims, and says so if another request holds the claim. A lock that the handler waits for is its own. */
async function claiming<T>(claims: () => Promise<T>, id: string): Promise<T> {
  try {
    return await claims()
  } catch (error) {
    throw isHoldfastError(error, 'HF_DB_LOCK_TIMEOUT') ? busy(id, error) : error
  }
}

/** The reply of an earlier run, if there is one: lets the caller skip what comes before the transaction. */
export async function repliedBefore(
  database: Database,
  wanted: Claim,
): Promise<Answer | undefined> {
  const found = await prior(database, wanted)
  return found === undefined ? undefined : answerOf(found, wanted)
}

async function replay(tx: Transaction, wanted: Claim): Promise<Answer> {
  const found = await prior(tx, wanted)
  // The winner's row was there when we lost, and rows are only removed when they are long expired.
  if (found === undefined) throw busy(wanted.id, undefined)
  return answerOf(found, wanted)
}

function answerOf(found: Prior, wanted: Claim): Answer {
  if (!sameBytes(found.fingerprint, wanted.fingerprint)) {
    throw new HoldfastError('HF_KEY_REUSED', {
      detail: `the key '${wanted.id}' belongs to a request with another input`,
    })
  }
  if (found.state !== 'done') {
    throw new HoldfastError('HF_KEY_CANCELLED', {
      detail: `the key '${wanted.id}' is ${found.state}`,
    })
  }
  return { status: found.status ?? 200, reply: found.reply ?? '', isReplayed: true }
}

async function undoneIfRefused(
  tx: Transaction,
  handler: (tx: Transaction) => Promise<Effect>,
): Promise<Effect> {
  return tx.savepoint(async () => {
    const effect = await handler(tx)
    return { keep: !effect.isRefused, value: effect }
  })
}

function busy(id: string, cause: unknown): HoldfastError {
  return new HoldfastError('HF_KEY_BUSY', {
    detail: `another request with the key '${id}' has not finished yet`,
    retryAfterMs: 1_000,
    cause,
  })
}

function sameBytes(left: Uint8Array | undefined, right: Uint8Array | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return left.length === right.length && left.every((byte, index) => byte === right[index])
}
