/**
 * One session of a simulated database server: a process's turn at it.
 *
 * Invariants:
 *   S1. Statements of one session take effect in the order in which they were sent.
 *   S2. Once the session has ended, nothing that was sent over it takes effect any more, but perhaps
 *       the one statement that was under way at that moment (which `cutOff` gives to the server).
 */
import type { Rows, RowShape } from '#model'
import type { Connection } from '#state'
import { never } from '../actor.ts'
import { Turn, type Work } from './engine.ts'
import type { Incarnation } from '../process.ts'
import type { DatabaseServer, Statement } from './server.ts'

type Phase =
  | { readonly is: 'waiting' }
  | { readonly is: 'open' }
  | { readonly is: 'ended'; readonly because: Error | 'released' }

/** A connection as its client has it, and what the server knows of it. */
export class Session implements Connection {
  readonly client: Incarnation
  readonly turn: Turn = new Turn()
  readonly #server: DatabaseServer
  readonly #opened: (connection: Connection) => void
  readonly #underWay: Statement[] = []
  #phase: Phase = { is: 'waiting' }
  #busyUntilUs = 0

  constructor(
    server: DatabaseServer,
    client: Incarnation,
    opened: (connection: Connection) => void,
  ) {
    this.#server = server
    this.client = client
    this.#opened = opened
  }

  /** It is this session's turn. */
  open(): void {
    this.#phase = { is: 'open' }
    this.#opened(this)
  }

  async query<Row = Record<string, unknown>>(
    text: string,
    params: readonly unknown[] = [],
    shape?: RowShape,
  ): Promise<Rows<Row>> {
    // What a row is, is the caller's claim about its own statement, as with every driver.
    return (await this.#send({ text, params, shape })) as Rows<Row>
  }

  async script(text: string): Promise<void> {
    await this.#send({ text, params: undefined })
  }

  release(_fate: { readonly broken: boolean }): void {
    if (this.client.isDead || this.#phase.is !== 'open') return
    // A server rolls back what a session left open, whether it ended well or not.
    this.#server.end(this)
  }

  /** When the next statement can reach the server, if its way there takes `tripUs`. */
  busyUntil(nowUs: number, tripUs: number): number {
    return Math.max(nowUs, this.#busyUntilUs) + tripUs
  }

  /** Remembers a statement that left, and when its reply will be back. */
  sent(statement: Statement, backAtUs: number): void {
    this.#underWay.push(statement)
    this.#busyUntilUs = backAtUs
  }

  /** True while the statement, which has reached the server, is still to be executed. */
  awaits(statement: Statement): boolean {
    return this.#phase.is === 'open' && this.#underWay.includes(statement)
  }

  /** True if it is this statement's turn within the session. */
  isNext(statement: Statement): boolean {
    return this.#underWay[0] === statement
  }

  /** The statement at the head is executed now. */
  took(): void {
    this.#underWay.shift()
  }

  /** It could not be executed after all. */
  putBack(statement: Statement): void {
    this.#underWay.unshift(statement)
  }

  /** Ends the session and gives what was under way at that moment. */
  cutOff(): Statement | undefined {
    const [next] = this.#underWay
    if (this.#phase.is !== 'ended') this.#phase = { is: 'ended', because: 'released' }
    const cutOff = this.#underWay.splice(0)
    // The dead hear of nothing.
    if (!this.client.isDead) for (const statement of cutOff) statement.reject(released())
    return next
  }

  /** The connection broke: whatever else is sent over it fails with this error. */
  lost(error: Error): void {
    for (const statement of this.#underWay.splice(0)) statement.reject(error)
    this.#phase = { is: 'ended', because: error }
  }

  #send(work: Work): Promise<Rows<unknown>> {
    if (this.client.isDead) return never()
    const phase = this.#phase
    if (phase.is === 'ended') {
      return Promise.reject(phase.because === 'released' ? released() : phase.because)
    }
    return new Promise((resolve, reject) => {
      this.#server.send(this, { ...work, resolve, reject })
    })
  }
}

function released(): Error {
  return new Error('the connection was given back before the statement ended')
}
