/**
 * The database of a service, over whatever connections it is given: PGlite, PostgreSQL, the simulation.
 *
 * Intuition: a conflict (a serialization failure or a deadlock) is nobody's fault and has no effect, so
 * the whole transaction is run again, here, where the deadline is known; the caller never sees it. All
 * other failures are passed on: whether they may be repeated is the edge's business.
 *
 * Invariants: B1 to B4 of database.ts, and
 *   B5. `work` runs at most `TRIES_MAX` times; its effect is committed at most once.
 *   B6. Inside `work`, every database itself refuses (`within.ts`).
 */
import { Deadline } from '#clock'
import { HoldfastError } from '#errors'
import type { Rows } from '#model'
import { type World, sleep } from '#world'
import { attempt, type Attempted, attemptOne } from './attempt.ts'
import type { Connections } from './connection.ts'
import type { Database, Transaction, TransactionOptions } from './database.ts'
import { Session } from './session.ts'
import { databaseError } from './sqlstate.ts'
import { assertOutsideTransaction, insideTransaction } from './within.ts'

/** Runs of one transaction in all; five conflicts in a row are contention, not chance. */
const TRIES_MAX = 5

/** The first wait between tries is at most this, in ms, and doubles; about one short transaction. */
const BACKOFF_MS_BASE = 10

const QUERY_TIMEOUT_MS_DEFAULT = 5_000

/** Opens the database. It owns `connections` from here on: `close` ends them. */
export function openDatabase(
  connections: Connections,
  world: Pick<World, 'clock' | 'timers' | 'random'>,
): Database {
  return new OpenDatabase(connections, world)
}

class OpenDatabase implements Database {
  readonly exclusive: boolean
  readonly #connections: Connections
  readonly #world: Pick<World, 'clock' | 'timers' | 'random'>

  constructor(connections: Connections, world: Pick<World, 'clock' | 'timers' | 'random'>) {
    this.exclusive = connections.exclusive
    this.#connections = connections
    this.#world = world
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    params?: readonly unknown[],
    options?: { readonly timeoutMs?: number },
  ): Promise<Rows<Row>> {
    const timeoutMs = options?.timeoutMs ?? QUERY_TIMEOUT_MS_DEFAULT
    return this.#repeated(timeoutMs, async (session) => attemptOne<Row>(session, text, params))
  }

  async transaction<T>(
    options: TransactionOptions,
    work: (tx: Transaction) => Promise<T>,
  ): Promise<T> {
    return this.#repeated(options.timeoutMs, async (session, deadline) =>
      attempt(session, deadline, options, (tx) => insideTransaction(() => work(tx))),
    )
  }

  /** Attempts until it is committed, or fails with something that another try would not change. */
  async #repeated<T>(
    timeoutMs: number,
    attempted: (session: Session, deadline: Deadline) => Promise<Attempted<T>>,
  ): Promise<T> {
    assertOutsideTransaction('the database itself')
    const deadline = Deadline.in(this.#world.clock, timeoutMs)
    for (let tries = 1; ; tries += 1) {
      const result = await attempted(await this.#borrow(deadline), deadline)
      if (result.ended === 'committed') return result.value
      const waitMs = this.#world.random.float() * BACKOFF_MS_BASE * 2 ** (tries - 1)
      const mayRepeat = result.mayRepeat && tries < TRIES_MAX && waitMs < deadline.remainingMs()
      if (!mayRepeat) throw result.error
      await sleep(this.#world.timers, waitMs)
    }
  }

  hear(channel: string, heard: () => void): (() => void) | undefined {
    return this.#connections.hear?.(channel, heard)
  }

  async close(): Promise<void> {
    await this.#connections.close()
  }

  async #borrow(deadline: Deadline): Promise<Session> {
    if (deadline.hasPassed()) {
      throw new HoldfastError('HF_DEADLINE_EXHAUSTED', {
        detail: 'the deadline had passed before a transaction could begin',
      })
    }
    try {
      const connection = await this.#connections.acquire(deadline.remainingMs())
      return new Session(connection, deadline, this.#world.timers)
    } catch (error) {
      throw databaseError(error)
    }
  }
}
