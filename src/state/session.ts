/**
 * A connection on loan until a deadline: one statement after another, and nobody waits for longer.
 *
 * Intuition: PostgreSQL cancels a statement by itself, PGlite never does, and a network that swallows
 * packets answers nobody. So the caller is released by our own clock, and the connection is kept back
 * until the statement that still runs on it has ended and its transaction is undone.
 *
 * Invariants:
 *   D1. `run` settles at the deadline at the latest, whatever the database does.
 *   D2. A statement that has not been sent at the deadline is never sent.
 *   D3. The connection is given back exactly once, and as usable only while nothing runs on it and no
 *       transaction is open.
 */
import type { Deadline } from '#clock'
import { HoldfastError } from '#errors'
import type { Rows } from '#model'
import type { Timers } from '#world'
import type { Connection, Statement } from './connection.ts'

/** Statements that may wait for the one that runs. More is a loop that forgot its `await`. */
const STATEMENTS_WAITING_MAX = 1_000

/**
 * How long an overdue statement may go on before its connection is given up: above what a server needs
 * to notice its own `statement_timeout`, below what a caller of the next request would accept.
 */
const OVERDUE_MS_MAX = 5_000

/** A connection between `acquire` and `release`. */
export class Session {
  readonly #connection: Connection
  readonly #deadline: Deadline
  readonly #timers: Timers
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(connection: Connection, deadline: Deadline, timers: Timers) {
    this.#connection = connection
    this.#deadline = deadline
    this.#timers = timers
  }

  /** Sends after everything sent before has been answered. @throws HF_DB_TIMEOUT at the deadline */
  async run<T>(send: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.#waiting >= STATEMENTS_WAITING_MAX) throw tooManyWaiting()
    this.#waiting += 1
    const answer = this.#last.then(async () => {
      this.#waiting -= 1
      if (this.#deadline.hasPassed()) throw overdue()
      return send(this.#connection)
    })
    this.#last = settled(answer)
    return this.untilDeadline(answer)
  }

  /** Sends several statements at once, and gives the rows of the last. Rejects with the first failure. */
  async runAll<Row>(statements: readonly Statement[]): Promise<Rows<Row>> {
    return this.run((connection) =>
      connection.together === undefined
        ? oneByOne<Row>(connection, statements)
        : connection.together<Row>(statements),
    )
  }

  /** Resolves when every statement that was begun has been answered. */
  async quiet(): Promise<void> {
    await this.untilDeadline(this.#last)
  }

  /** The promise's own end, or HF_DB_TIMEOUT at the deadline. */
  async untilDeadline<T>(promise: Promise<T>): Promise<T> {
    return within(this.#timers, this.#deadline.remainingMs(), promise)
  }

  /** Gives the connection back; nothing runs on it and no transaction is open. */
  giveBack(): void {
    this.#connection.release({ broken: false })
  }

  /**
   * Undoes the open transaction and gives the connection back. Resolves at the deadline at the latest;
   * what is left to do then is done in the background, within two times `OVERDUE_MS_MAX`.
   */
  async undo({ thenClose }: { readonly thenClose: boolean }): Promise<void> {
    await settled(this.untilDeadline(this.#undone(thenClose)))
  }

  async #undone(thenClose: boolean): Promise<void> {
    try {
      await within(this.#timers, OVERDUE_MS_MAX, this.#last)
      await within(this.#timers, OVERDUE_MS_MAX, this.#connection.script('rollback'))
      this.#connection.release({ broken: thenClose })
    } catch {
      // Neither ended nor undone: only closing the connection undoes it for certain.
      this.#connection.release({ broken: true })
    }
  }
}

/** For a connection that cannot send several at once. Nothing is sent after a failure. */
async function oneByOne<Row>(
  connection: Connection,
  statements: readonly Statement[],
): Promise<Rows<Row>> {
  let last: Rows<Row> = { rows: [], rowCount: 0 }
  for (const { text, params, shape } of statements) {
    // oxlint-disable-next-line no-await-in-loop -- a connection runs one statement at a time.
    if (params === undefined) await connection.script(text)
    // oxlint-disable-next-line no-await-in-loop -- as above.
    else last = await connection.query<Row>(text, params, shape)
  }
  return last
}

/** The failure of whoever waited until the deadline. */
export function overdue(): HoldfastError {
  return new HoldfastError('HF_DB_TIMEOUT', {
    detail: 'the deadline passed before the database answered; the transaction is rolled back',
  })
}

function tooManyWaiting(): HoldfastError {
  return new HoldfastError('HF_DB_STATEMENT_FAILED', {
    detail: `more than ${STATEMENTS_WAITING_MAX} statements of one transaction wait for their turn`,
    fix: 'Await each statement, or write many rows with one.',
  })
}

function within<T>(timers: Timers, limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.after(limitMs, () => reject(overdue()))
    promise.then(resolve, reject).finally(cancel)
  })
}

/** Resolves when the promise has ended, one way or the other: for whoever needs its end, not its value. */
export async function settled(promise: Promise<unknown>): Promise<void> {
  await Promise.allSettled([promise])
}
