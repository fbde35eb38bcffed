/**
 * One client of `pg`, and whether it still lives.
 *
 * Both engines are spoken to through `pg`: PostgreSQL over a socket, PGlite over a stream of the same
 * bytes. So their values, their errors and their row counts are equal because there is only one driver.
 *
 * Invariants:
 *   C1. A client always has an error listener: a connection that dies while idle kills nobody.
 *   C2. Whatever a dead client rejects with carries a code of class 08, or the server's own.
 */
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Client, type ClientConfig, type QueryResult } from 'pg'
import type { Rows, RowShape } from '#model'
import type { Connection, Statement } from '#state'
import { cellParser } from './cells.ts'

/** What a session rejects with when its connection is gone and nobody said why. */
export class ConnectionLost extends Error {
  override readonly name: string = 'ConnectionLost'
  /** SQLSTATE connection_failure. */
  readonly code = '08006'
}

/** Statements that one session keeps prepared. */
const PREPARED_MAX = 50

/**
 * An insert that reads no table and gives no rows back. It has one plan for ever, so it need not be
 * planned each time; one that reads could be caught in the plan of a table that was small once.
 */
const PLAIN_INSERT =
  /^\s*insert\s(?!.*\b(?:from|join|using)\s+(?!unnest\b|\())(?!.*\breturning\b)/is

/** How `pg` is asked for cells. */
const CELLS = { rowMode: 'array', types: { getTypeParser: cellParser } }

/** An open session. */
export class PgSession {
  /** Called for each NOTIFY on a channel that the session listens on. */
  onNotice = (): void => {}
  readonly #client: Client
  readonly #stream: Duplex
  #death: Error | undefined
  readonly #prepared = new Map<string, string>()
  readonly #canPipeline: boolean
  #rowsWritten = 0
  #running = 0

  private constructor(client: Client, stream: Duplex, canPipeline: boolean) {
    this.#client = client
    this.#stream = stream
    this.#canPipeline = canPipeline
    client.on('error', (error) => this.#die(error))
    client.on('end', () => this.#die(undefined))
    client.on('notification', () => this.onNotice())
  }

  /** Connects. `makeStream` is called once; the session owns what it makes. */
  static async open(config: ClientConfig, makeStream: () => Socket | Duplex): Promise<PgSession> {
    const stream = makeStream()
    const client = new Client({ ...config, stream: () => stream })
    const session = new PgSession(client, stream, config.pipeline === true)
    try {
      await session.#client.connect()
      return session
    } catch (error) {
      session.destroy()
      throw error
    }
  }

  /** True while statements can be sent. */
  get isAlive(): boolean {
    return this.#death === undefined
  }

  /** True if nothing runs and no transaction is open. */
  get isClean(): boolean {
    return this.isAlive && this.#running === 0 && this.#client.getTransactionStatus() === 'I'
  }

  /** True while a statement has not been answered. */
  get isRunning(): boolean {
    return this.#running > 0
  }

  /** Rows inserted, updated or deleted since the last call. */
  takeRowsWritten(): number {
    const rows = this.#rowsWritten
    this.#rowsWritten = 0
    return rows
  }

  async query<Row>(
    text: string,
    params: readonly unknown[] = [],
    shape: RowShape = 'named',
  ): Promise<Rows<Row>> {
    const name = this.#canPipeline ? this.#nameOf(text) : undefined
    const values = [...params]
    const statement = name === undefined ? { text, values } : { name, text, values }
    const result = await this.#answer(
      this.#client.query(shape === 'named' ? statement : { ...statement, ...CELLS }),
    )
    if (result.command !== 'SELECT') this.#rowsWritten += result.rowCount ?? 0
    // The statement decides what its rows are; `Row` is what its author says they are.
    return { rows: result.rows, rowCount: result.rowCount ?? 0 }
  }

  async script(text: string): Promise<void> {
    await this.#answer(this.#client.query(text))
  }

  /** Sends several statements with one write, if it can; and gives the rows of the last. */
  async together<Row>(statements: readonly Statement[]): Promise<Rows<Row>> {
    this.#stream.cork()
    const answers = statements.map(({ text, params, shape }) =>
      params === undefined ? this.script(text) : this.query<Row>(text, params, shape),
    )
    this.#stream.uncork()
    const settled = await Promise.allSettled(answers)
    for (const each of settled) if (each.status === 'rejected') throw each.reason
    return (await answers.at(-1)) ?? { rows: [], rowCount: 0 }
  }

  /** True if several statements can be under way. */
  get canPipeline(): boolean {
    return this.#canPipeline
  }

  /** The name under which a statement is prepared; `undefined` for what is better planned each time. */
  #nameOf(text: string): string | undefined {
    const known = this.#prepared.get(text)
    if (known !== undefined || this.#prepared.size >= PREPARED_MAX || !PLAIN_INSERT.test(text)) {
      return known
    }
    const name = `hf_${this.#prepared.size}`
    this.#prepared.set(text, name)
    return name
  }

  /** Says goodbye and closes. */
  async end(): Promise<void> {
    await this.#client.end()
  }

  /** Closes without a word: the server undoes what is open once it notices. */
  destroy(): void {
    this.#die(undefined)
    this.#stream.destroy()
  }

  async #answer(sent: Promise<QueryResult>): Promise<QueryResult> {
    this.#running += 1
    try {
      return await sent
    } catch (error) {
      if (this.isAlive || hasCode(error)) throw error
      throw new ConnectionLost('the connection is gone', { cause: this.#death ?? error })
    } finally {
      this.#running -= 1
    }
  }

  #die(error: Error | undefined): void {
    this.#death ??= error ?? new ConnectionLost('the connection ended')
  }
}

/** One loan of a session: releases once, and is useless afterwards. */
export function loan(
  session: PgSession,
  giveBack: (fate: { readonly broken: boolean }) => void,
): Connection {
  let isLent = true
  return {
    query: (text, params, shape) => session.query(text, params, shape),
    script: (text) => session.script(text),
    ...(session.canPipeline ? { together: (all) => session.together(all) } : {}),
    release: (fate) => {
      if (!isLent) return
      isLent = false
      giveBack(fate)
    },
  }
}

function hasCode(error: unknown): boolean {
  return error instanceof Error && typeof Reflect.get(error, 'code') === 'string'
}
