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
import type { Rows } from '#model'
import type { Connection } from '#state'

/** What a session rejects with when its connection is gone and nobody said why. */
export class ConnectionLost extends Error {
  override readonly name: string = 'ConnectionLost'
  /** SQLSTATE connection_failure. */
  readonly code = '08006'
}

/** An open session. */
export class PgSession {
  readonly #client: Client
  readonly #stream: Duplex
  #death: Error | undefined
  #rowsWritten = 0
  #running = 0

  private constructor(client: Client, stream: Duplex) {
    this.#client = client
    this.#stream = stream
    client.on('error', (error) => this.#die(error))
    client.on('end', () => this.#die(undefined))
  }

  /** Connects. `makeStream` is called once; the session owns what it makes. */
  static async open(config: ClientConfig, makeStream: () => Socket | Duplex): Promise<PgSession> {
    const stream = makeStream()
    const session = new PgSession(new Client({ ...config, stream: () => stream }), stream)
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

  async query<Row>(text: string, params?: readonly unknown[]): Promise<Rows<Row>> {
    const result = await this.#answer(
      this.#client.query(text, params === undefined ? [] : [...params]),
    )
    if (result.command !== 'SELECT') this.#rowsWritten += result.rowCount ?? 0
    // The statement decides what its rows are; `Row` is what its author says they are.
    return { rows: result.rows, rowCount: result.rowCount ?? 0 }
  }

  async script(text: string): Promise<void> {
    await this.#answer(this.#client.query(text))
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
    query: (text, params) => session.query(text, params),
    script: (text) => session.script(text),
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
