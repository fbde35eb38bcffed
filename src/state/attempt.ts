/**
 * One attempt at a transaction: begin, work, commit; or begin, work, undo.
 *
 * Invariants:
 *   A1. The executor that `work` gets runs nothing before BEGIN and nothing after `work` has ended.
 *       BEGIN is sent with the first statement, in one round trip; without one, there is no transaction.
 *   A2. COMMIT is not sent for a transaction that PostgreSQL has already given up: it would answer
 *       ROLLBACK and call that a success.
 *   A3. A failure before COMMIT was sent has no effect. A failure of COMMIT has none either if the
 *       server itself said so, and is unknown otherwise.
 */
import type { Deadline } from '#clock'
import { HoldfastError, isHoldfastError } from '#errors'
import type { Rows, RowShape } from '#model'
import type { Statement } from './connection.ts'
import type { Transaction, TransactionOptions } from './database.ts'
import { type Session, overdue, settled } from './session.ts'
import { databaseError, isAnswered } from './sqlstate.ts'

/** How an attempt ended. `mayRepeat`: nothing happened, and the reason may be gone the next time. */
export type Attempted<T> =
  | { readonly ended: 'committed'; readonly value: T }
  | { readonly ended: 'failed'; readonly error: unknown; readonly mayRepeat: boolean }

/** Runs `work` in one transaction over `session`, and gives the session's connection back. */
export async function attempt<T>(
  session: Session,
  deadline: Deadline,
  options: TransactionOptions,
  work: (tx: Transaction) => Promise<T>,
): Promise<Attempted<T>> {
  const tx = new OpenTransaction(session, () => beginning(deadline, options))
  try {
    const value = await session.untilDeadline(work(tx))
    tx.end()
    await tx.commit(deadline)
    session.giveBack()
    return { ended: 'committed', value }
  } catch (error) {
    tx.end()
    const failed = tx.failure ?? error
    if (!tx.isBegun) {
      session.giveBack()
      return { ended: 'failed', error, mayRepeat: false }
    }
    // A server that refuses writes was demoted: its connections must not serve the next write.
    await session.undo({
      thenClose: isCode(failed, 'HF_DB_READ_ONLY') && options.readOnly !== true,
    })
    return { ended: 'failed', error, mayRepeat: isCode(failed, 'HF_DB_CONFLICT') }
  }
}

/**
 * Runs one statement as a transaction of its own: one round trip instead of three. The server bounds it
 * by the `statement_timeout` of its connections, the session by the deadline.
 */
export async function attemptOne<Row>(
  session: Session,
  text: string,
  params: readonly unknown[] | undefined,
): Promise<Attempted<Rows<Row>>> {
  try {
    assertNoControl(text)
    const value = await session.run((connection) => connection.query<Row>(text, params))
    session.giveBack()
    return { ended: 'committed', value }
  } catch (cause) {
    const error = oneFailed(cause)
    await session.undo({ thenClose: isCode(error, 'HF_DB_READ_ONLY') })
    return { ended: 'failed', error, mayRepeat: isCode(error, 'HF_DB_CONFLICT') }
  }
}

/** A statement that was sent alone commits by itself: without an answer nobody knows whether it did. */
function oneFailed(cause: unknown): HoldfastError {
  const error = databaseError(cause)
  const isRefusedHere = isHoldfastError(cause) && cause.code !== 'HF_DB_TIMEOUT'
  if (isAnswered(cause) || isRefusedHere) return error
  return new HoldfastError(error.code, {
    detail: isHoldfastError(cause)
      ? 'the deadline passed before the database answered; the statement may have been committed'
      : error.detail,
    particulars: error.particulars,
    effect: 'unknown',
    cause,
  })
}

/** Longest wait for one lock where nothing is said: a row is held for a transaction, not for longer. */
const LOCK_MS_DEFAULT = 5_000

/** The server ends an abandoned transaction this much after our own clock would have. */
const IDLE_MARGIN_MS = 1_000

/** One script, so that the bounds cost no round trip of their own. */
function beginning(
  deadline: Deadline,
  {
    lockTimeoutMs = LOCK_MS_DEFAULT,
    readOnly = false,
    isolation = 'read committed',
  }: TransactionOptions,
): string {
  const leftMs = Math.min(
    Math.max(Math.ceil(deadline.remainingMs()), 1),
    2 ** 31 - 1 - IDLE_MARGIN_MS,
  )
  const lockMs = Math.max(Math.ceil(Math.min(lockTimeoutMs, leftMs)), 1)
  return [
    `begin isolation level ${isolation}${readOnly ? ' read only' : ''}`,
    `set local statement_timeout = ${leftMs}`,
    `set local lock_timeout = ${lockMs}`,
    `set local idle_in_transaction_session_timeout = ${leftMs + IDLE_MARGIN_MS}`,
  ].join('; ')
}

/** What would end or open a transaction behind our back. `rollback to` a savepoint is fine. */
const CONTROL =
  /^\s*(begin|start\s+transaction|commit|end|abort|rollback(?!\s+(work\s+|transaction\s+)?to\b)|prepare\s+transaction)\b/i

class OpenTransaction implements Transaction {
  readonly #session: Session
  readonly #beginning: () => string
  readonly #last: Statement[] = []
  /** What goes ahead of the next statement, in the same round trip. */
  #ahead: string[] = []
  #isBegun = false
  #isOpen = true
  #savepoints = 0
  #failure: HoldfastError | undefined

  constructor(session: Session, begin: () => string) {
    this.#session = session
    this.#beginning = begin
  }

  /** True once anything was sent. */
  get isBegun(): boolean {
    return this.#isBegun
  }

  /** The statement's failure that PostgreSQL gave the transaction up for, if there is one. */
  get failure(): HoldfastError | undefined {
    return this.#failure
  }

  end(): void {
    this.#isOpen = false
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    shape?: RowShape,
  ): Promise<Rows<Row>> {
    this.#assertUsable(text)
    return this.#send<Row>({ text, params: params ?? [], shape })
  }

  async script(text: string): Promise<void> {
    this.#assertUsable(text)
    await this.#send({ text })
  }

  beforeCommit(statement: Statement): void {
    this.#assertUsable(statement.text)
    this.#last.push(statement)
  }

  async savepoint<T>(
    work: () => Promise<{ readonly keep: boolean; readonly value: T }>,
  ): Promise<T> {
    this.#savepoints += 1
    const name = `hf_${this.#savepoints}`
    const [opening, before, waiting] = [`savepoint ${name}`, this.#failure, this.#last.length]
    this.#ahead.push(opening)
    const undo = (): Promise<void> => {
      this.#last.length = waiting
      return this.#undoTo(name, before)
    }
    try {
      const { keep, value } = await work()
      await (keep ? this.#keep(name) : undo())
      return value
    } catch (error) {
      // If even this fails, the failure stays remembered and COMMIT will not be sent.
      await settled(undo())
      throw error
    }
  }

  /** @throws the failure of a statement that `work` had passed over, or HF_DB_COMMIT_UNKNOWN */
  async commit(deadline: Deadline): Promise<void> {
    // A statement that `work` did not await belongs to the transaction, and may have failed.
    await this.#session.quiet()
    if (this.#failure !== undefined) await this.#assertAlive(this.#failure)
    if (deadline.hasPassed()) throw overdue()
    if (!this.#isBegun && this.#last.length === 0) return
    // What stands ahead of a COMMIT only closes savepoints, which it does by itself.
    const ahead = this.#isBegun ? [] : [{ text: this.#beginning() }]
    this.#isBegun = true
    try {
      await this.#session.runAll([...ahead, ...this.#last, { text: 'commit' }])
    } catch (error) {
      throw isAnswered(error) ? this.#failed(error) : commitUnknown(error)
    }
  }

  async #keep(name: string): Promise<void> {
    if (this.#withdraw(name)) return
    await this.#session.quiet()
    const release = `release savepoint ${name}`
    if (this.#failure === undefined) {
      this.#ahead.push(release)
      return
    }
    try {
      await this.script(release)
    } catch (error) {
      // The first failure is the reason; the refused release only shows that nobody passed it on.
      throw this.#failure ?? error
    }
  }

  /** Takes back a savepoint that was never sent, because nothing was done in it. */
  #withdraw(name: string): boolean {
    const place = this.#ahead.indexOf(`savepoint ${name}`)
    if (place >= 0) this.#ahead.length = place
    return place >= 0
  }

  async #undoTo(name: string, before: HoldfastError | undefined): Promise<void> {
    if (this.#withdraw(name)) return
    this.#ahead = []
    await this.script(`rollback to savepoint ${name}; release savepoint ${name}`)
    this.#failure = before
  }

  /** A user's own savepoint may have revived the transaction: only the server knows. */
  async #assertAlive(failure: HoldfastError): Promise<void> {
    try {
      await this.#session.run((connection) => connection.script('select 1'))
      this.#failure = undefined
    } catch {
      throw new HoldfastError(failure.code, {
        detail: `${failure.detail}; the work went on, but the transaction could not be committed`,
        particulars: failure.particulars,
        cause: failure,
      })
    }
  }

  async #send<Row>(statement: Statement): Promise<Rows<Row>> {
    const ahead = [...(this.#isBegun ? [] : [this.#beginning()]), ...this.#ahead]
    this.#isBegun = true
    this.#ahead = []
    const statements = ahead.length === 0 ? [statement] : [{ text: ahead.join('; ') }, statement]
    try {
      return await this.#session.runAll<Row>(statements)
    } catch (error) {
      throw this.#failed(error)
    }
  }

  #failed(error: unknown): HoldfastError {
    const failure = databaseError(error)
    this.#failure ??= failure
    return failure
  }

  #assertUsable(text: string): void {
    if (!this.#isOpen) throw outside('the transaction has ended, its executor runs nothing more')
    assertNoControl(text)
  }
}

function assertNoControl(text: string): void {
  if (!CONTROL.test(text)) return
  throw outside(`'${text.trim().slice(0, 20)}' would end or begin the transaction behind its owner`)
}

function outside(detail: string): HoldfastError {
  return new HoldfastError('HF_DB_OUTSIDE_TRANSACTION', { detail })
}

function commitUnknown(cause: unknown): HoldfastError {
  return new HoldfastError('HF_DB_COMMIT_UNKNOWN', {
    detail: 'COMMIT was sent and the server did not say what became of it',
    cause,
  })
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof HoldfastError && error.code === code
}
