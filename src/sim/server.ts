/**
 * A simulated database server: a real PostgreSQL whose statements take place at virtual instants.
 *
 * The engine has one session, so transactions take turns: whoever acquires a connection has the server
 * for itself until it gives the connection back. Every history that this produces is possible on any
 * PostgreSQL; histories with two open transactions are not produced.
 *
 * Invariants:
 *   D1. Turns are given first come, first served; a wait is bounded by the one who waits.
 *   D2. When a process dies its transaction is rolled back, but a statement that was already sent may
 *       still take effect, COMMIT among them.
 *   D3. A lost connection is noticed by the client alone: lost before the statement, nothing happened;
 *       lost after it, it took effect (HF_DB_COMMIT_UNKNOWN, for a commit).
 */
import { HoldfastError } from '#errors'
import type { Rows } from '#model'
import type { Connection, Connections } from '#state'
import { never, runAs } from './actor.ts'
import { chance, hash32, Stream } from './chance.ts'
import { DatabaseActor } from './database-actor.ts'
import type { Faults } from './fault.ts'
import type { Postgres } from './postgres.ts'
import type { Incarnation } from './process.ts'
import type { Schedule } from './schedule.ts'
import { Session } from './session.ts'

/** Connections that may wait for their turn at one server. */
const WAITING_MAX = 1_000

/** Time to open a connection, in µs. */
const CONNECT_US = 100

/** One statement's way to the server, and back: each this much and up to twice it, in µs. */
const HALF_TRIP_US = 100

/** A commit is this much likelier to lose its connection than another statement: it is what matters. */
const COMMIT_WEIGHT = 4

type Answer = Rows<Record<string, unknown>>

/** A statement on its way. */
export interface Statement {
  readonly text: string
  /** `undefined` for a script. */
  readonly params: readonly unknown[] | undefined
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

/** The database server of one service. */
export class DatabaseServer {
  readonly name: string
  readonly #seed: number
  readonly #schedule: Schedule
  readonly #faults: Faults
  readonly #postgres: Postgres
  readonly #actor: DatabaseActor
  readonly #committed: (ordinal: number) => void
  readonly #waiting: { readonly session: Session; readonly stopWaiting: () => void }[] = []
  #holder: Session | undefined
  #statements = 0
  #commits = 0

  constructor(options: {
    readonly name: string
    readonly seed: number
    readonly schedule: Schedule
    readonly faults: Faults
    readonly postgres: Postgres
    /** Hears of the nth commit, at the moment when it took effect. */
    readonly committed: (ordinal: number) => void
  }) {
    this.name = options.name
    this.#seed = options.seed
    this.#schedule = options.schedule
    this.#faults = options.faults
    this.#postgres = options.postgres
    this.#committed = options.committed
    this.#actor = new DatabaseActor(`db:${options.name}`, options.seed, options.schedule)
    const stream = new Stream(options.seed, `db:${options.name}`)
    options.postgres.seed(() => stream.bits())
  }

  /** True between transactions: only then can somebody else read what is committed. */
  get isAtRest(): boolean {
    return !this.#postgres.isInTransaction
  }

  /** Reads, without any time passing and without being part of the world. */
  peek(text: string, params: readonly unknown[] = []): Record<string, unknown>[] {
    return this.#run({ text, params }).rows
  }

  /** The server's connections, for one process. */
  connectionsOf(client: Incarnation): Connections {
    let isClosed = false
    return {
      exclusive: false,
      acquire: async (waitMsMax) => {
        if (client.isDead) return never()
        if (isClosed) throw this.#unreachable('its connections were closed')
        return this.#acquire(client, waitMsMax)
      },
      close: async () => {
        isClosed = true
      },
    }
  }

  /** The connections of a dead process break. */
  died(client: Incarnation): void {
    for (const waiting of this.#waiting.filter(({ session }) => session.client === client)) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
    }
    if (this.#holder?.client === client) this.end(this.#holder)
  }

  /** Ends a session; what it sent last may still take effect. */
  end(session: Session): void {
    // First, so that a crash on this very commit does not end the session a second time.
    this.#holder = undefined
    const pending = session.cutOff()
    const isExecuted = chance(this.#seed, `${this.name} cut off`, this.#statements) < 0.5
    if (isExecuted && pending !== undefined) this.#attempt(pending)
    if (this.#postgres.isInTransaction) this.#run({ text: 'rollback', params: undefined })
    this.#next()
  }

  /** Sends a statement over the session's connection. */
  send(session: Session, statement: Statement): void {
    const ordinal = this.#statements++
    const half = (way: string): number =>
      HALF_TRIP_US * (1 + chance(this.#seed, `${way} ${this.name}`, ordinal))
    const thereUs = session.busyUntil(this.#schedule.nowUs, half('there'))
    const backUs = half('back')
    session.sent(statement, thereUs + backUs)
    const run = (): void => this.#execute(session, statement, { ordinal, backUs })
    const label = `statement ${this.name}#${ordinal}`
    this.#schedule.at({ afterUs: thereUs - this.#schedule.nowUs, label, run })
  }

  #acquire(client: Incarnation, waitMsMax: number): Promise<Connection> {
    if (this.#waiting.length >= WAITING_MAX) {
      throw this.#unreachable(`${WAITING_MAX} others wait for a connection`)
    }
    const { promise, resolve, reject } = Promise.withResolvers<Connection>()
    const session = new Session(this, client, resolve)
    const giveUp = (): void => {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
      reject(this.#unreachable(`no connection was free within ${waitMsMax} ms`))
    }
    const stopWaiting = this.#schedule.at({
      afterUs: waitMsMax * 1000,
      actor: client,
      label: `acquire timeout ${this.name}`,
      run: giveUp,
    })
    const waiting = { session, stopWaiting }
    this.#waiting.push(waiting)
    this.#next()
    return promise
  }

  #next(): void {
    if (this.#holder !== undefined) return
    const first = this.#waiting.shift()
    if (first === undefined) return
    const { session } = first
    first.stopWaiting()
    this.#holder = session
    const run = (): void => session.open()
    const label = `connected ${this.name}`
    this.#schedule.at({ afterUs: CONNECT_US, actor: session.client, label, run })
  }

  #execute(
    session: Session,
    statement: Statement,
    { ordinal, backUs }: { readonly ordinal: number; readonly backUs: number },
  ): void {
    if (!session.executes(statement)) return
    const weight = /^\s*commit\b/i.test(statement.text) ? COMMIT_WEIGHT : 1
    if (this.#faults.fires('connection-lost', `before ${this.name}`, ordinal, weight)) {
      return this.#lose(session, statement, backUs)
    }
    const done = this.#attempt(statement)
    if (session.client.isDead) return
    if (this.#faults.fires('connection-lost', `after ${this.name}`, ordinal, weight)) {
      return this.#lose(session, statement, backUs)
    }
    const run = (): void =>
      'error' in done ? statement.reject(done.error) : statement.resolve(done.answer)
    const afterUs = backUs + this.#actor.sleptUs
    this.#schedule.at({
      afterUs,
      actor: session.client,
      label: `reply ${this.name}#${ordinal}`,
      run,
    })
  }

  #lose(session: Session, { reject }: Statement, backUs: number): void {
    const error = Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' })
    session.lost(error)
    this.end(session)
    const label = `connection lost ${this.name}`
    this.#schedule.at({ afterUs: backUs, actor: session.client, label, run: () => reject(error) })
  }

  /** Executes a statement, here and now, and tells of the commit if it was one. */
  #attempt(statement: Pick<Statement, 'text' | 'params'>): { answer: Answer } | { error: unknown } {
    try {
      const answer = this.#run(statement)
      this.#note(statement.text, `${answer.rowCount} ${digest(answer.rows)}`)
      if (this.isAtRest && !/^\s*(select|rollback|abort)\b/i.test(statement.text)) {
        this.#committed(this.#commits++)
      }
      return { answer }
    } catch (error) {
      this.#note(
        statement.text,
        `failed: ${error instanceof Error ? error.message : String(error)}`,
      )
      return { error }
    }
  }

  #run({ text, params }: Pick<Statement, 'text' | 'params'>): Answer {
    this.#actor.begin()
    return runAs<Answer>(this.#actor, () => {
      if (params !== undefined) return this.#postgres.query(text, params)
      this.#postgres.script(text)
      return { rows: [], rowCount: 0 }
    })
  }

  #note(text: string, outcome: string): void {
    const words = text.replaceAll(/\s+/g, ' ').trim()
    this.#schedule.note(this.#actor.name, 'sql', `${words.slice(0, 70)} -> ${outcome}`)
  }

  #unreachable(why: string): HoldfastError {
    return new HoldfastError('HF_DB_UNREACHABLE', { detail: `database of '${this.name}': ${why}` })
  }
}

function digest(rows: readonly unknown[]): string {
  if (rows.length === 0) return ''
  return hash32(JSON.stringify(rows)).toString(16).padStart(8, '0')
}
