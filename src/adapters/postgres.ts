/**
 * PostgreSQL through `pg`: a bounded set of sessions, opened when they are needed.
 *
 * Not `pg.Pool`: its waiting queue has no bound, and it hands out a client whose transaction was left
 * open. Here a session that is not clean when it comes back is closed, and the server undoes the rest.
 *
 * Invariants: N1 to N3 of the port, and
 *   G1. No message and no cause holds the password.
 */
import { Socket } from 'node:net'
import { Client } from 'pg'
import { HoldfastError } from '#errors'
import { type Connection, type Connections, databaseError } from '#state'
import { nodeClock, nodeTimers, sleep } from '#world'
import { loan, PgSession } from './pg-session.ts'
import { listenOn } from './postgres-ear.ts'
import { Slots } from './slots.ts'

/** Where the server is, and how many sessions may be used. */
export interface PostgresOptions {
  /** `postgres://user:password@host:5432/name`, with the parameters of libpq. */
  readonly url: string
  /** @defaultValue 10 */
  readonly sessionsMax?: number
}

/** Callers that may wait for a session; beyond, an answer at once is kinder than a place in the queue. */
const WAITERS_MAX = 1_000

/** How long `close` waits for sessions that are still in use. */
const CLOSE_MS_MAX = 5_000

/** Connects to PostgreSQL. Nothing is opened before the first `acquire`. */
export function connectPostgres({ url, sessionsMax = 10 }: PostgresOptions): Connections {
  return new PostgresConnections(url, sessionsMax)
}

/**
 * The same server with the database `name`, which is created if it is missing.
 *
 * @throws HF_DB_UNREACHABLE (effect none) if the server or its database `postgres` refuses.
 */
export async function ensureDatabase(url: string, name: string): Promise<string> {
  const target = withDatabase(url, name)
  if (await exists(target)) return target
  const maintenance = await open(withDatabase(url, 'postgres'), CONNECT_MS_MAX)
  try {
    await maintenance.script(`create database "${name.replaceAll('"', '""')}"`)
  } catch (error) {
    // Another process was faster: duplicate_database, or its unique index.
    const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined
    if (code !== '42P04' && code !== '23505') throw databaseError(error)
  } finally {
    await maintenance.end()
  }
  return target
}

const CONNECT_MS_MAX = 10_000

/** The longest deadline that any caller may have. */
const STATEMENT_MS_MAX = 60_000

class PostgresConnections implements Connections {
  readonly exclusive = false
  readonly #url: string
  readonly #slots: Slots
  readonly #idle: PgSession[] = []
  readonly #inUse = new Set<PgSession>()
  readonly #ears = new Set<() => void>()
  #isClosed = false

  constructor(url: string, sessionsMax: number) {
    this.#url = url
    const name = serverOf(url)
    this.#slots = new Slots({
      name,
      slotsMax: sessionsMax,
      waitersMax: WAITERS_MAX,
      timers: nodeTimers,
    })
  }

  async acquire(waitMsMax: number): Promise<Connection> {
    const startedMs = nodeClock.monotonicMs()
    await this.#slots.take(waitMsMax)
    try {
      const leftMs = waitMsMax - (nodeClock.monotonicMs() - startedMs)
      const session = this.#takeIdle() ?? (await open(this.#url, leftMs))
      this.#inUse.add(session)
      return loan(session, (fate) => this.#takeBack(session, fate.broken))
    } catch (error) {
      this.#slots.free()
      throw error
    }
  }

  hear(channel: string, heard: () => void): () => void {
    const deafen = listenOn(() => open(this.#url, CONNECT_MS_MAX), channel, heard)
    this.#ears.add(deafen)
    return () => {
      deafen()
      this.#ears.delete(deafen)
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const deafen of this.#ears) deafen()
    this.#slots.close()
    await Promise.allSettled(this.#idle.splice(0).map((session) => session.end()))
    const startedMs = nodeClock.monotonicMs()
    while (this.#inUse.size > 0 && nodeClock.monotonicMs() - startedMs < CLOSE_MS_MAX) {
      await sleep(nodeTimers, 10)
    }
    for (const session of this.#inUse) session.destroy()
  }

  /** The session that was used last: its server process is warm, and the others may grow old and die. */
  #takeIdle(): PgSession | undefined {
    for (;;) {
      const session = this.#idle.pop()
      if (session === undefined || session.isAlive) return session
    }
  }

  #takeBack(session: PgSession, isBroken: boolean): void {
    this.#inUse.delete(session)
    if (isBroken || this.#isClosed || !session.isClean) session.destroy()
    else this.#idle.push(session)
    this.#slots.free()
  }
}

async function open(url: string, limitMs: number): Promise<PgSession> {
  const config = {
    connectionString: url,
    application_name: 'holdfast',
    keepAlive: true,
    // Several statements of one transaction may be under way: the session above decides which.
    pipeline: true,
    // 0 would mean for ever.
    connectionTimeoutMillis: Math.max(1, Math.ceil(limitMs)),
    // For statements outside a transaction, which set no bound of their own.
    statement_timeout: STATEMENT_MS_MAX,
  }
  try {
    return await PgSession.open(config, () => new Socket())
  } catch (error) {
    throw unreachable(url, error)
  }
}

async function exists(url: string): Promise<boolean> {
  try {
    await (await open(url, CONNECT_MS_MAX)).end()
    return true
  } catch (error) {
    if (error instanceof HoldfastError && sqlStateOf(error) === '3D000') return false
    throw error
  }
}

function sqlStateOf({ particulars }: HoldfastError): unknown {
  return particulars instanceof Object ? Reflect.get(particulars, 'sqlState') : undefined
}

function unreachable(url: string, error: unknown): HoldfastError {
  const { code, detail, particulars } = databaseError(error)
  // What fails before the server speaks has no code, only words of `pg`, such as 'timeout expired'.
  const words = error instanceof Error ? error.message : String(error)
  const reason = code === 'HF_DB_UNREACHABLE' ? detail : `no session was opened: ${words}`
  return new HoldfastError('HF_DB_UNREACHABLE', {
    detail: `${serverOf(url)}: ${reason}`,
    particulars,
    cause: error,
  })
}

/** `host:port/name`, never the user and never the password. */
function serverOf(url: string): string {
  try {
    const { host, port, database } = new Client({ connectionString: url })
    return `PostgreSQL at ${host}:${port}/${database ?? ''}`
  } catch {
    // Without a cause: the words of a URL that cannot be read would repeat it, password and all.
    throw new HoldfastError('HF_CONFIG_INVALID', {
      detail: 'the database URL cannot be read (its value is not shown)',
      fix: 'Write it as postgres://user:password@host:5432/name, with special characters escaped.',
    })
  }
}

function withDatabase(url: string, name: string): string {
  const target = new URL(url)
  target.pathname = `/${encodeURIComponent(name)}`
  return target.href
}
