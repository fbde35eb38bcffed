/**
 * PGlite: PostgreSQL inside the process, for development, tests and services with one instance.
 *
 * It has one session, so transactions take turns, first come, first served; no timeouts of its own, so
 * the session above enforces them; and no background processes, so what autovacuum and the checkpointer
 * would do is done here, while nobody asks.
 *
 * Invariants: N1 to N3 of the port, and
 *   L1. One process at a time has the directory open, however the last one ended.
 *   L2. A statement that cannot be ended is ended with its thread; a database in a directory is then
 *       opened again and has everything that was committed.
 */
import { mkdir, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { HoldfastError, isHoldfastError } from '#errors'
import type { Connection, Connections } from '#state'
import { nodeClock, nodeTimers, sleep } from '#world'
import { FileLock } from './file-lock.ts'
import { loan, PgSession } from './pg-session.ts'
import { type Engine, openHere, openInThread } from './pglite-engine.ts'
import { templateIn } from './pglite-template.ts'
import { PgliteWire } from './pglite-wire.ts'
import { Slots } from './slots.ts'

/** Where an embedded database lives. */
export interface PgliteOptions {
  /** Made if it is missing. @defaultValue in memory, gone with the process */
  readonly directory?: string | undefined
  /** Where the result of `initdb` is kept for the next new database. @defaultValue beside `directory` */
  readonly templates?: string | undefined
  /** 'main' blocks everything else while a statement runs; for tests. @defaultValue 'own' */
  readonly thread?: 'own' | 'main'
}

/** Callers that may wait for the one session. */
const WAITERS_MAX = 1_000

/** How long `close` waits for the session to come back. */
const CLOSE_MS_MAX = 5_000

/** Written rows after which dead ones are cleared away: 30,000 made a poll 20 times slower. */
const ROWS_PER_TIDYING = 3_000

/** Written rows after which tidying no longer waits for a quiet moment. */
const ROWS_UNTIDY_MAX = 10 * ROWS_PER_TIDYING

/** How long nobody must have asked before tidying starts. */
const QUIET_MS = 100

/**
 * Opens an embedded database.
 *
 * @throws HF_DB_IN_USE (effect none) if another process has it open; HF_DB_FULL; HF_DB_UNREACHABLE if
 *   its files cannot be opened.
 */
export async function connectPglite(options: PgliteOptions = {}): Promise<Connections> {
  const { thread = 'own' } = options
  const directory = options.directory === undefined ? undefined : resolve(options.directory)
  const templates = options.templates ?? (directory === undefined ? undefined : dirname(directory))
  let lock: FileLock | undefined
  try {
    lock = directory === undefined ? undefined : await lockOf(directory)
    const template = templates === undefined ? undefined : await templateIn(templates, thread)
    const open = thread === 'own' ? openInThread : openHere
    return await PgliteConnections.start({
      directory,
      lock,
      open: () => open({ directory, template }),
    })
  } catch (error) {
    lock?.release()
    throw await unopened(directory, error)
  }
}

/** What a database is opened with, and opened again after it broke down. */
interface Opening {
  readonly directory: string | undefined
  readonly lock: FileLock | undefined
  readonly open: () => Promise<Engine>
}

/** A running database and the session over it. */
interface Running {
  readonly engine: Engine
  readonly session: PgSession
}

class PgliteConnections implements Connections {
  readonly exclusive = true
  readonly #opening: Opening
  readonly #slots: Slots
  #running: Running
  #breakdown: HoldfastError | undefined
  #rowsWritten = 0
  #isBusy = false
  #isClosed = false
  #cancelTidying = (): void => {}

  private constructor(opening: Opening, running: Running) {
    this.#opening = opening
    this.#running = running
    const name = 'the embedded database'
    this.#slots = new Slots({ name, slotsMax: 1, waitersMax: WAITERS_MAX, timers: nodeTimers })
  }

  static async start(opening: Opening): Promise<PgliteConnections> {
    const connections = new PgliteConnections(opening, await run(opening))
    if (opening.lock?.isMine() !== false) return connections
    await connections.close()
    throw new HoldfastError('HF_DB_IN_USE', {
      detail: `another process opened ${opening.directory ?? ''} at the same moment`,
    })
  }

  async acquire(waitMsMax: number): Promise<Connection> {
    const startedMs = nodeClock.monotonicMs()
    await this.#take(waitMsMax)
    if (!this.#running.session.isAlive) {
      void this.#heal()
      await this.#take(waitMsMax - (nodeClock.monotonicMs() - startedMs))
    }
    const { session } = this.#running
    if (session.isAlive) return loan(session, () => this.#takeBack())
    this.#makeFree()
    throw this.#breakdown ?? (await unopened(this.#opening.directory, 'its thread has ended'))
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#slots.close()
    this.#cancelTidying()
    const startedMs = nodeClock.monotonicMs()
    while (this.#isBusy && nodeClock.monotonicMs() - startedMs < CLOSE_MS_MAX) {
      await sleep(nodeTimers, 5)
    }
    const { engine, session } = this.#running
    await (session.isClean ? engine.close() : engine.kill())
    session.destroy()
    this.#opening.lock?.release()
  }

  async #take(waitMsMax: number): Promise<void> {
    await this.#slots.take(waitMsMax)
    this.#isBusy = true
  }

  #takeBack(): void {
    const { session } = this.#running
    this.#rowsWritten += session.takeRowsWritten()
    if (!session.isClean) void this.#heal()
    else if (this.#rowsWritten >= ROWS_UNTIDY_MAX) void this.#tidy()
    else this.#makeFree()
  }

  #makeFree(): void {
    this.#isBusy = false
    this.#slots.free()
    if (this.#rowsWritten < ROWS_PER_TIDYING || this.#isClosed) return
    this.#cancelTidying()
    this.#cancelTidying = nodeTimers.after(QUIET_MS, () => void this.#tidyIfIdle())
  }

  async #tidyIfIdle(): Promise<void> {
    if (!this.#slots.isIdle || this.#isClosed) return
    await this.#take(0)
    await this.#tidy()
  }

  /** What autovacuum and the checkpointer do elsewhere. A failure is met again by whoever writes next. */
  async #tidy(): Promise<void> {
    this.#rowsWritten = 0
    try {
      await this.#running.session.script('vacuum (analyze)')
      await this.#running.session.script('checkpoint')
    } catch {
      this.#rowsWritten = ROWS_PER_TIDYING
    }
    this.#makeFree()
  }

  /** Makes the session usable again, in the background, and then gives it to whoever waits. */
  async #heal(): Promise<void> {
    const { directory } = this.#opening
    try {
      if (directory === undefined) await this.#quiet()
      const { session } = this.#running
      if (session.isAlive && !session.isRunning) await session.script('rollback')
      if (!session.isClean && directory !== undefined) await this.#reopen()
    } catch (error) {
      // `acquire` says so to whoever comes next, and tries again.
      this.#breakdown = await unopened(directory, error)
    }
    this.#makeFree()
  }

  /** In memory there is nothing to open again: the statement must end by itself. */
  async #quiet(): Promise<void> {
    const { session } = this.#running
    while (session.isAlive && session.isRunning && !this.#isClosed) await sleep(nodeTimers, 20)
  }

  async #reopen(): Promise<void> {
    this.#running.session.destroy()
    await this.#running.engine.kill()
    if (!this.#isClosed) this.#running = await run(this.#opening)
  }
}

async function run({ open }: Opening): Promise<Running> {
  const engine = await open()
  // Said in full, so that no PGHOST or PGSSLMODE of the environment has a word in it.
  const config = {
    host: 'pglite',
    user: 'postgres',
    database: 'postgres',
    password: '',
    ssl: false,
  }
  const session = await PgSession.open(config, () => new PgliteWire(engine))
  return { engine, session }
}

async function lockOf(directory: string): Promise<FileLock> {
  await mkdir(directory, { recursive: true })
  return FileLock.take(join(directory, 'lock'))
}

/** Less than this is no room to recover in: the log alone takes several files of 1 MB. */
const ROOM_BYTES_MIN = 4 * 1024 * 1024

async function unopened(directory: string | undefined, error: unknown): Promise<HoldfastError> {
  if (isHoldfastError(error)) return error
  const words = error instanceof Error ? error.message : String(error)
  const detail = `the embedded database in ${directory ?? 'memory'} cannot be opened: ${words}`
  // A database that found no room ends without a code, so the disk itself is asked.
  const isFull = directory !== undefined && (await roomIn(directory)) < ROOM_BYTES_MIN
  if (isFull) return new HoldfastError('HF_DB_FULL', { detail, cause: error })
  return new HoldfastError('HF_DB_UNREACHABLE', {
    detail,
    fix: 'Check that the directory can be written and was made by this version of PGlite.',
    cause: error,
  })
}

async function roomIn(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
