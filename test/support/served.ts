/**
 * One service behind its `handle`, on a real database, without a network: for tests of the incoming way.
 */
import { server, type Site } from '#edge'
import { HoldfastError } from '#errors'
import type { Service, System } from '#model'
import type { Fact } from '#observe'
import { type Database, migrate, openDatabase } from '#state'
import {
  nodeClock,
  nodeRandom,
  nodeTimers,
  type WireHandler,
  type WireResponse,
  type World,
} from '#world'
import type { DatabaseEngine } from './databases.ts'
import { ManualNetwork } from './manual-world.ts'

/** What a test sends; the rest is what an honest caller would send. */
export interface Sending {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** A string or bytes as they are; anything else as JSON. */
  readonly body?: unknown
  readonly signal?: AbortSignal
}

/** An answer, read. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: Readonly<Record<string, unknown>>
}

/** A service that runs, and what it said about itself. */
export interface Served {
  readonly database: Database
  readonly facts: Fact[]
  readonly network: ManualNetwork
  readonly handle: WireHandler
  readonly drain: () => Promise<void>
  readonly inFlight: () => number
  send(sending: Sending): Promise<Answered>
  /** The first column of the first row. */
  number(text: string): Promise<number>
}

/** Puts a service in front of a database that has its tables. */
export function served(
  database: Database,
  options: { readonly service: Service; readonly system: System },
): Served {
  const network = new ManualNetwork()
  const facts: Fact[] = []
  const site: Site = {
    ...options,
    world: realWorld(network),
    database,
    resolve: (target) => `http://${target}:1`,
    observe: (fact) => facts.push(fact),
    wake: () => {},
  }
  const { handle, ...life } = server(site)
  return {
    database,
    facts,
    network,
    handle,
    drain: () => life.drain(),
    inFlight: () => life.inFlight(),
    send: async (sending) => read(await handle(requestOf(sending))),
    number: async (text) => {
      const { rows } = await database.query<{ n: number }>(`select (${text})::int as n`)
      return rows[0]?.n ?? 0
    },
  }
}

/** A fresh database with the framework's tables and these. */
export async function withTables(engine: DatabaseEngine, tables: string): Promise<Database> {
  const database = openDatabase(await engine.fresh(), realWorld(new ManualNetwork()))
  await migrate(database, [{ number: 1, name: 'tables', sql: tables }])
  return database
}

/** A real database works in real time, so the clock is real, too. */
function realWorld(network: ManualNetwork): World {
  return { clock: nodeClock, timers: nodeTimers, random: nodeRandom, network }
}

function requestOf(sending: Sending): Parameters<Served['handle']>[0] {
  const { method = 'POST', path, headers = {}, body, signal } = sending
  const bytes = bytesOf(body)
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  return {
    method,
    path,
    headers: { ...type, ...headers },
    readBody: async (bytesMax) => {
      if (bytes.length <= bytesMax) return bytes
      throw new HoldfastError('HF_BODY_TOO_LARGE', { detail: `over ${bytesMax} bytes` })
    },
    signal: signal ?? new AbortController().signal,
  }
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined) return new Uint8Array()
  if (body instanceof Uint8Array) return body
  return new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
}

function read({ status, headers, body }: WireResponse): Answered {
  const text = new TextDecoder().decode(body)
  const json: unknown = text === '' ? {} : JSON.parse(text)
  return { status, headers, text, json: Object.fromEntries(Object.entries(json ?? {})) }
}
