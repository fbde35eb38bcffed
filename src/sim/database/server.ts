/**
 * A simulated database server: a real PostgreSQL whose statements take place at virtual instants.
 *
 * How many connections a server has is drawn from the seed: one, as the embedded database of a small
 * deployment, or several, whose transactions the engine interleaves (`engine.ts`).
 *
 * Invariants:
 *   D1. Connections are given first come, first served; a wait for one is bounded by the one who waits,
 *       a wait for the engine by `BLOCKED_MS_MAX`, after which the connection is lost.
 *   D2. When a process dies its transaction is rolled back, but a statement that was already sent may
 *       still take effect, COMMIT among them.
 *   D3. A lost connection is noticed by the client alone: lost before the statement, nothing happened;
 *       lost after it, it took effect (HF_DB_COMMIT_UNKNOWN, for a commit).
 */
import { HoldfastError } from '#errors'
import type { Connection, Connections } from '#state'
import { never, runAs } from '../actor.ts'
import { chance, Stream } from '../chance.ts'
import { DatabaseActor } from './actor.ts'
import { type Answer, digest, Engine, type Outcome, type Work } from './engine.ts'
import type { Faults } from '../fault.ts'
import type { Postgres } from './postgres.ts'
import type { ClockError, Incarnation } from '../process.ts'
import type { Schedule } from '../schedule.ts'
import { Session } from './session.ts'
import { failingInstead } from './sql-error.ts'

/** Connections that may wait for their turn at one server. */
const WAITING_MAX = 1_000

/** Time to open a connection, in µs. */
const CONNECT_US = 100

/**
 * One statement's way to the server, and back: each takes as much as the seed says for the server, and
 * up to twice it, in µs. From a database on the same machine to one in another zone.
 */
const HALF_TRIP_US = { min: 100, max: 3_000 }

/** How many connections a server has: one in a third of the seeds, else these. */
const CONNECTIONS = { shareOfOne: 0.33, min: 2, max: 8 }

/** How long a statement may wait for a transaction that has written, in ms. */
const BLOCKED_MS_MAX = 5_000

/** A commit is this much likelier to lose its connection than another statement: it is what matters. */
const COMMIT_WEIGHT = 4

/** Writes to a table that is not the framework's. */
const WRITE = /\b(?:insert\s+into|update|delete\s+from|merge\s+into|truncate)\s+(?!"?hf"?\.)/i

/** Says nothing to anybody but the framework: control of transactions, and its own tables. */
const FRAMEWORK = /^\s*(?:begin|set|savepoint|release|commit|rollback)\b|\bhf\.|\bpg_advisory_/i

/** A statement on its way. */
export interface Statement extends Work {
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
  readonly #clockError: ClockError
  readonly #committed: (ordinal: number, client: Incarnation) => void
  readonly #waiting: { readonly session: Session; readonly stopWaiting: () => void }[] = []
  readonly #engine: Engine
  readonly #open = new Set<Session>()
  readonly #blocked: Blocked[] = []
  readonly #connectionsMax: number
  readonly #halfTripUs: number
  readonly #peeked = new Map<string, { readonly commits: number; readonly rows: Answer['rows'] }>()
  #statements = 0
  #commits = 0
  #changes = 0
  #isOfUser = false

  constructor(options: {
    readonly name: string
    readonly seed: number
    readonly schedule: Schedule
    readonly faults: Faults
    readonly postgres: Postgres
    readonly clockError: ClockError
    /** @defaultValue drawn from the seed */
    readonly connectionsMax?: number
    /** Hears of the nth commit and of whose it was, at the moment when it took effect. */
    readonly committed: (ordinal: number, client: Incarnation) => void
  }) {
    this.name = options.name
    this.#seed = options.seed
    this.#schedule = options.schedule
    this.#faults = options.faults
    this.#postgres = options.postgres
    this.#committed = options.committed
    const { name, seed, schedule, clockError } = options
    this.#clockError = clockError
    this.#actor = new DatabaseActor(`db:${name}`, seed, schedule, clockError)
    this.#connectionsMax = options.connectionsMax ?? connectionsMax(seed, name)
    const { min, max } = HALF_TRIP_US
    this.#halfTripUs = min * (max / min) ** chance(seed, `how far ${name}`)
    this.#engine = new Engine({
      run: (work, atUs) => this.#run(work, atUs),
      nowUs: () => this.#schedule.nowUs,
      isInTransaction: () => this.#postgres.isInTransaction,
      note: (what) => this.#schedule.note(this.#actor.name, 'engine', what),
    })
    const stream = new Stream(options.seed, `db:${options.name}`)
    options.postgres.seed(() => stream.bits())
  }

  /** The server's wall clock, which may be set. */
  get wallClock(): { readonly name: string; jump(ms: number): void } {
    const { name } = this.#actor
    const jump = (ms: number): void => {
      this.#clockError.offsetMs += ms
      this.#schedule.note(name, 'jump', `${ms.toFixed(0)} ms`)
    }
    return { name, jump }
  }

  /** True between transactions: only then can somebody else read what is committed. */
  get isAtRest(): boolean {
    return !this.#postgres.isInTransaction
  }

  /** Reads, without any time passing and without being part of the world. */
  peek(text: string, params: readonly unknown[] = []): Record<string, unknown>[] {
    return this.#run({ text, params }).rows
  }

  /** The same, remembered until the next commit. */
  peekCommitted(text: string): readonly Record<string, unknown>[] {
    const known = this.#peeked.get(text)
    if (known?.commits === this.#commits) return known.rows
    const rows = this.peek(text)
    this.#peeked.set(text, { commits: this.#commits, rows })
    return rows
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

  /** Commits so far; what is committed has not changed while this has not. */
  get commits(): number {
    return this.#commits
  }

  /** Commits so far that may have changed a table of the user's. */
  get changes(): number {
    return this.#changes
  }

  /** The connections of a dead process break. */
  died(client: Incarnation): void {
    for (const waiting of this.#waiting.filter(({ session }) => session.client === client)) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
    }
    for (const session of this.#open) if (session.client === client) this.end(session)
  }

  /** Ends a session; what it sent last may still take effect. */
  end(session: Session): void {
    // First, so that a crash on this very commit does not end the session a second time.
    if (!this.#open.delete(session)) return
    const pending = session.cutOff()
    const isExecuted = chance(this.#seed, `${this.name} cut off`, this.#statements) < 0.5
    if (isExecuted && pending !== undefined) this.#attempt(session, pending)
    this.#engine.end(session.turn)
    this.#unblock()
    this.#next()
  }

  /** Sends a statement over the session's connection. */
  send(session: Session, statement: Statement): void {
    const ordinal = this.#statements++
    const half = (way: string): number =>
      this.#halfTripUs * (1 + chance(this.#seed, `${way} ${this.name}`, ordinal))
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
    if (this.#open.size >= this.#connectionsMax) return
    const first = this.#waiting.shift()
    if (first === undefined) return
    const { session } = first
    first.stopWaiting()
    this.#open.add(session)
    const run = (): void => session.open()
    const label = `connected ${this.name}`
    this.#schedule.at({ afterUs: CONNECT_US, actor: session.client, label, run })
  }

  #execute(session: Session, statement: Statement, trip: Trip): void {
    if (!session.awaits(statement)) return
    const weight = isCommit(statement) ? COMMIT_WEIGHT : 1
    if (this.#faults.fires('connection-lost', `before ${this.name}`, trip.ordinal, weight)) {
      return this.#lose(session, statement, trip.backUs)
    }
    const instead = this.#failingInstead(statement, trip.ordinal)
    this.#executeOrWait({ session, statement, instead, trip, sinceUs: this.#schedule.nowUs })
  }

  /** What is executed in the statement's place, if it is to fail. */
  #failingInstead({ text }: Work, ordinal: number): Work | undefined {
    const failing = failingInstead(text, chance(this.#seed, `sql-error how ${this.name}`, ordinal))
    if (failing === undefined) return undefined
    if (!this.#faults.fires('sql-error', this.name, ordinal)) return undefined
    return { text: failing, params: undefined }
  }

  #executeOrWait(blocked: Blocked): void {
    const { session, statement, trip } = blocked
    if (!session.isNext(statement)) return this.#block(blocked)
    // Taken before it runs: should its client die of it, it must not be executed a second time.
    session.took()
    const outcome = this.#attempt(session, blocked.instead ?? statement)
    if ('not' in outcome) {
      session.putBack(statement)
      const isOver = this.#schedule.nowUs - blocked.sinceUs >= BLOCKED_MS_MAX * 1_000
      if (outcome.not === 'lost' || isOver) return this.#lose(session, statement, trip.backUs)
      return this.#block(blocked)
    }
    this.#reply(session, statement, { ...trip, outcome })
  }

  #reply(
    session: Session,
    statement: Statement,
    { ordinal, backUs, outcome }: Trip & { readonly outcome: Exclude<Outcome, { not: unknown }> },
  ): void {
    if (session.client.isDead) return
    const weight = isCommit(statement) ? COMMIT_WEIGHT : 1
    if (this.#faults.fires('connection-lost', `after ${this.name}`, ordinal, weight)) {
      return this.#lose(session, statement, backUs)
    }
    const run = (): void =>
      'error' in outcome ? statement.reject(outcome.error) : statement.resolve(outcome.answer)
    this.#schedule.at({
      afterUs: backUs + this.#actor.sleptUs,
      actor: session.client,
      label: `reply ${this.name}#${ordinal}`,
      run,
    })
  }

  /** The statement waits until somebody's transaction ends, or for as long as it may. */
  #block(blocked: Blocked): void {
    this.#blocked.push(blocked)
    const untilUs = blocked.sinceUs + BLOCKED_MS_MAX * 1_000
    const run = (): void => this.#retry(blocked)
    const afterUs = untilUs - this.#schedule.nowUs
    this.#schedule.at({ afterUs, label: `blocked ${this.name}#${blocked.trip.ordinal}`, run })
  }

  #unblock(): void {
    for (const blocked of this.#blocked) {
      const run = (): void => this.#retry(blocked)
      this.#schedule.at({ afterUs: 0, label: `unblock ${this.name}`, run })
    }
  }

  #retry(blocked: Blocked): void {
    const at = this.#blocked.indexOf(blocked)
    if (at < 0) return
    this.#blocked.splice(at, 1)
    if (blocked.session.awaits(blocked.statement)) this.#executeOrWait(blocked)
  }

  #lose(session: Session, statement: Statement, backUs: number): void {
    if (session.isNext(statement)) session.took()
    const error = Object.assign(new Error('Connection terminated unexpectedly'), { code: '08006' })
    session.lost(error)
    this.end(session)
    const label = `connection lost ${this.name}`
    this.#schedule.at({
      afterUs: backUs,
      actor: session.client,
      label,
      run: () => statement.reject(error),
    })
  }

  /** Executes a statement, here and now, and tells of the commit if it was one. */
  #attempt({ turn, client }: Session, statement: Work): Outcome {
    const { text } = statement
    const outcome = this.#engine.attempt(turn, statement)
    if ('not' in outcome) return outcome
    if (WRITE.test(text) || !FRAMEWORK.test(text)) this.#isOfUser = true
    if ('error' in outcome) this.#note(text, `failed: ${messageOf(outcome.error)}`)
    else this.#note(text, `${outcome.answer.rowCount} ${digest(outcome.answer.rows)}`)
    if (this.isAtRest) this.#ended(text, client, 'answer' in outcome)
    return outcome
  }

  /** No transaction is open any more. */
  #ended(text: string, client: Incarnation, isDone: boolean): void {
    const isOfUser = this.#isOfUser
    this.#isOfUser = false
    this.#unblock()
    if (!isDone || /^\s*(select|rollback|abort)\b/i.test(text)) return
    if (isOfUser) this.#changes += 1
    this.#committed(this.#commits++, client)
  }

  #run({ text, params, shape }: Work, atUs?: number): Answer {
    this.#actor.begin(atUs)
    return runAs<Answer>(this.#actor, () => {
      if (params !== undefined) return this.#postgres.query(text, params, shape)
      this.#postgres.script(text)
      return { rows: [], rowCount: 0 }
    })
  }

  #note(text: string, outcome: string): void {
    // Cut before it is tidied up: this is done for every statement, and some have a thousand letters.
    const words = text.trimStart().slice(0, 140).replaceAll(/\s+/g, ' ').trim()
    this.#schedule.note(this.#actor.name, 'sql', `${words.slice(0, 70)} -> ${outcome}`)
  }

  #unreachable(why: string): HoldfastError {
    return new HoldfastError('HF_DB_UNREACHABLE', { detail: `database of '${this.name}': ${why}` })
  }
}

/** One statement's way: which of the server's statements it is, and how long its answer takes. */
interface Trip {
  readonly ordinal: number
  readonly backUs: number
}

/** A statement that waits for the engine. */
interface Blocked {
  readonly session: Session
  readonly statement: Statement
  /** What is executed in its place. */
  readonly instead: Work | undefined
  readonly trip: Trip
  readonly sinceUs: number
}

function connectionsMax(seed: number, name: string): number {
  const { shareOfOne, min, max } = CONNECTIONS
  if (chance(seed, `one connection ${name}`) < shareOfOne) return 1
  return min + Math.floor(chance(seed, `connections ${name}`) * (max - min + 1))
}

const isCommit = ({ text }: Work): boolean => /^\s*commit\b/i.test(text)

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)
