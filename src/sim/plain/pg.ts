/**
 * The part of `pg` that programs use, on the simulated database of whoever uses it.
 *
 * Whatever a connection string says, the database is the one that the scenario gives to the service.
 * Rows and errors are those of PostgreSQL, for it is one.
 *
 * Limit: a session lasts while it is checked out: what SET, LISTEN and session locks leave behind does
 * not reach the next one. Cursors, streams, COPY and LISTEN are refused by name.
 *
 * @see https://node-postgres.com
 */
import { EventEmitter } from 'node:events'
import type { Connection } from '#state'
import { currentHousehold, type Household } from './household.ts'

/** What a statement gives. */
export interface Result {
  readonly command: string
  readonly rowCount: number
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly fields: readonly { readonly name: string }[]
}

type Told<T> = (error: unknown, value?: T) => void
type Release = (error?: unknown) => void

interface Statement {
  readonly text: string
  readonly values: readonly unknown[] | undefined
}

/** Connections that a pool has, as in `pg`. */
const POOL_MAX_DEFAULT = 10

/** A wait that the program does not bound: the longest that a timer knows, in ms. */
const WAIT_MS_MAX = 2_147_483_647

const FOREVER = { connectionTimeoutMillis: WAIT_MS_MAX, max: POOL_MAX_DEFAULT }

/** What this stand-in reads of `pg`'s options. */
interface PoolOptions {
  readonly max?: number
  readonly connectionTimeoutMillis?: number
}

/** One session. */
export class Client extends EventEmitter {
  readonly #household: Household = householdHere()
  #connection: Connection | undefined

  async connect(told?: Told<this>): Promise<this> {
    return tell(told, async () => this.open(WAIT_MS_MAX))
  }

  async query(text: unknown, values?: unknown, told?: Told<Result>): Promise<Result> {
    return tell(toldOf(values, told), async () => this.#run(statementOf(text, values)))
  }

  async end(told?: Told<void>): Promise<void> {
    return tell(told, async () => this.leave(false))
  }

  /** Takes a connection of the server's. */
  async open(waitMsMax: number): Promise<this> {
    this.#connection = await this.#household.connections.acquire(waitMsMax)
    return this
  }

  /** Gives the connection back. */
  leave(isBroken: boolean): void {
    const connection = this.#connection
    this.#connection = undefined
    connection?.release({ broken: isBroken })
  }

  async #run({ text, values }: Statement): Promise<Result> {
    const connection = this.#connection
    if (connection === undefined) throw new Error('Client was closed and is not queryable')
    if (values === undefined && isScript(text)) {
      await connection.script(text)
      return resultOf(text, [], 0)
    }
    const { rows, rowCount } = await connection.query(text, values?.map(asSent) ?? [])
    return resultOf(text, rows, rowCount)
  }
}

/** A client that a pool lends. */
export class PoolClient extends Client {
  #giveBack: Release | undefined

  constructor(giveBack: Release) {
    super()
    this.#giveBack = giveBack
  }

  /** @throws if it was given back before, as in `pg`. */
  release(error?: unknown): void {
    const giveBack = this.#giveBack
    if (giveBack === undefined) {
      throw new Error('Release called on client which has already been released to the pool.')
    }
    this.#giveBack = undefined
    this.leave(error !== undefined && error !== false)
    giveBack(error)
  }
}

/** A bounded set of sessions. */
export class Pool extends EventEmitter {
  readonly options: Required<PoolOptions>
  ended = false
  #lent = 0
  readonly #waiting: (() => void)[] = []

  constructor(options: PoolOptions = {}) {
    super()
    householdHere()
    const { max = POOL_MAX_DEFAULT, connectionTimeoutMillis = 0 } = options
    this.options = {
      ...FOREVER,
      max,
      ...(connectionTimeoutMillis > 0 && { connectionTimeoutMillis }),
    }
  }

  get totalCount(): number {
    return this.#lent
  }

  get idleCount(): number {
    return 0
  }

  get waitingCount(): number {
    return this.#waiting.length
  }

  async connect(
    told?: (error: unknown, client?: PoolClient, release?: Release) => void,
  ): Promise<PoolClient> {
    const tellBoth: Told<PoolClient> | undefined =
      told && ((error, client) => told(error, client, (why) => client?.release(why)))
    return tell(tellBoth, async () => this.#lend())
  }

  async query(text: unknown, values?: unknown, told?: Told<Result>): Promise<Result> {
    return tell(toldOf(values, told), async () => {
      const client = await this.#lend()
      try {
        return await client.query(text, typeof values === 'function' ? undefined : values)
      } finally {
        client.release()
      }
    })
  }

  async end(told?: Told<void>): Promise<void> {
    this.ended = true
    return tell(told, async () => undefined)
  }

  async #lend(): Promise<PoolClient> {
    if (this.ended) throw new Error('Cannot use a pool after calling end on the pool')
    if (this.#lent >= this.options.max) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    this.#lent += 1
    const client = new PoolClient(() => this.#returned())
    try {
      return await client.open(this.options.connectionTimeoutMillis)
    } catch (error) {
      this.#returned()
      throw error
    }
  }

  #returned(): void {
    this.#lent -= 1
    this.#waiting.shift()?.()
  }
}

/** What `pg` lets a program do to values; here they are what `pg` makes of them by itself. */
export const types: Readonly<Record<'setTypeParser' | 'getTypeParser', typeof refused>> & {
  readonly builtins: Readonly<Record<string, number>>
} = { setTypeParser: refused, getTypeParser: refused, builtins: {} }

/** An error of the server. */
export const DatabaseError: ErrorConstructor = Error

/** A name as it stands in SQL. */
export function escapeIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A text as it stands in SQL. */
export function escapeLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

function householdHere(): Household {
  const household = currentHousehold()
  if (household !== undefined) return household
  throw new Error('the simulated pg is for plain services of a simulation')
}

function statementOf(text: unknown, values: unknown): Statement {
  const own = Array.isArray(values) ? values : undefined
  if (typeof text === 'string') return { text, values: own }
  if (typeof text === 'object' && text !== null && 'text' in text && !('submit' in text)) {
    const { values: inside = own } = text as { readonly values?: readonly unknown[] }
    return { text: String(text.text), values: inside }
  }
  return refused()
}

function refused(): never {
  const what = 'a cursor, a stream or a type parser of pg'
  currentHousehold()?.actor.escaped(
    `used ${what}, which the simulation does not know,`,
    new Error(what).stack,
  )
  throw new Error(`the simulation does not know ${what}`)
}

/** Several statements, as `pg` sends them if they have no parameters. */
function isScript(text: string): boolean {
  return /;\s*\S/.test(text)
}

/** A parameter as `pg` sends it. */
function asSent(value: unknown): unknown {
  if (value === undefined) return null
  const isPlain = typeof value === 'object' && value !== null && !isKnown(value)
  return isPlain ? JSON.stringify(value) : value
}

function isKnown(value: object): boolean {
  return value instanceof Date || value instanceof Uint8Array || Array.isArray(value)
}

function resultOf(text: string, rows: Result['rows'], rowCount: number): Result {
  const command = /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? ''
  const fields = Object.keys(rows[0] ?? {}).map((name) => ({ name }))
  return { command, rowCount, rows, fields }
}

function toldOf<T>(values: unknown, told: Told<T> | undefined): Told<T> | undefined {
  // `query(text, callback)`: the second argument may be left out.
  return typeof values === 'function' ? (values as Told<T>) : told
}

/** Gives the result to a callback if there is one; then the promise never rejects. */
async function tell<T>(told: Told<T> | undefined, work: () => Promise<T>): Promise<T> {
  if (told === undefined) return work()
  return work().then(
    (value) => {
      told(undefined, value)
      return value
    },
    (error: unknown) => {
      told(error)
      return never()
    },
  )
}

const never = <T>(): Promise<T> => new Promise(() => {})
