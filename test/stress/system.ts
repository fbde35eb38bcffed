/**
 * The system under stress: `writers` emits ordered and unordered events, `readers` writes them down.
 *
 * The two have a database each on one real PostgreSQL; between them is a network of this process that
 * loses answers, so that deliveries happen twice.
 */
import { command, contract, event, nothing, service, sql, system, when } from '#model'
import type { Schema, Service, System } from '#model'
import type { Fact } from '#observe'
import { type Database, migrate, openDatabase } from '#state'
import { type Network, nodeClock, nodeRandom, nodeTimers, type World } from '#world'
import { HoldfastError } from '#errors'
import { relay, server, type Relay, httpPush, type Site } from '#edge'
import { connectPostgres, ensureDatabase } from '../../src/adapters/postgres.ts'

/** What an event of the run carries. */
export interface Mark {
  readonly id: string
  readonly key: string
}

const Mark: Schema<Mark> = {
  '~standard': {
    version: 1,
    vendor: 'stress',
    validate: (value) =>
      typeof value === 'object' && value !== null && 'id' in value && 'key' in value
        ? { value: value as Mark }
        : { issues: [{ message: 'is not a mark' }] },
  },
}

/** What the writers promise. */
export const writers = contract('writers', {
  write: command({ input: nothing }),
  kept: event({ payload: Mark, key: (mark) => mark.key }),
  loose: event({ payload: Mark }),
})

const NOWHERE = sql({ migrations: new URL('file:///nowhere/') })

const writing: Service = service(writers, NOWHERE, { handle: { write: () => {} } })

const SEEN = 'insert into seen (id, key) values ($1, $2)'

const reading: Service = service(contract('readers', {}), NOWHERE, {
  handle: {},
  when: [
    when(writers.kept, async ({ tx, event: mark }) => {
      await tx.query(SEEN, [mark.id, mark.key])
    }),
    when(writers.loose, async ({ tx, event: mark }) => {
      await tx.query(SEEN, [mark.id, ''])
    }),
  ],
})

const whole: System = system('stress', { services: [writing, reading] })

/** The running system. */
export interface Stressed {
  readonly site: Site
  readonly source: Database
  readonly sourceUrl: string
  readonly target: Database
  /** Ends the relay as a crash would end its process, as far as its messages can tell, and starts anew. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** How the run is made. */
export interface StressedOptions {
  /** Of a PostgreSQL server whose databases may be created. */
  readonly url: string
  /** Begins the names of both. */
  readonly name: string
  readonly sessionsMax: number
  /** Share of the answers that are lost after the consumer committed. */
  readonly lostShare: number
  readonly observe: (fact: Fact) => void
  /** What stands in the source before its relay starts. */
  readonly before?: (source: Database) => Promise<void>
}

/** Two migrated databases, a consumer, and a relay that runs. */
export async function startStressed(options: StressedOptions): Promise<Stressed> {
  const { url, name, sessionsMax, lostShare, observe } = options
  const sourceUrl = await ensureDatabase(url, `${name}_writers`)
  const source = await opened(sourceUrl, sessionsMax, WRITTEN)
  await options.before?.(source)
  const target = await opened(await ensureDatabase(url, `${name}_readers`), sessionsMax, READ)
  const consumer = server({ ...siteOf(reading, target, observe), resolve: () => '' })
  const site = {
    ...siteOf(
      writing,
      source,
      observe,
      lossy((request) => consumer.handle(request), lostShare),
    ),
    wake: () => running.wake(),
  }
  let running: Relay = relay(site, httpPush(site))
  running.start()
  const restart = async (): Promise<void> => {
    const former = running
    running = relay(site, httpPush(site))
    running.start()
    await former.stop()
  }
  const stop = async (): Promise<void> => {
    await running.stop()
    await consumer.drain()
    await Promise.all([source.close(), target.close()])
  }
  return { site, source, sourceUrl, target, restart, stop }
}

const WRITTEN = `
  create table effort (n int);
  create table written (id text primary key, key text not null, place bigserial)`

const READ = 'create table seen (place bigserial primary key, id text not null, key text not null)'

/** A database of the real server, as it is. */
export function openAt(url: string, sessionsMax: number): Database {
  return openDatabase(connectPostgres({ url, sessionsMax }), worldOver(NO_NETWORK))
}

async function opened(url: string, sessionsMax: number, tables: string): Promise<Database> {
  const database = openAt(url, sessionsMax)
  await migrate(database, [{ number: 1, name: 'stress', sql: tables }])
  return database
}

function siteOf(
  one: Service,
  database: Database,
  observe: (fact: Fact) => void,
  send: Network['send'] = NO_NETWORK,
): Site {
  return {
    service: one,
    system: whole,
    world: worldOver(send),
    database,
    resolve: (target) => `http://${target}`,
    observe,
    wake: () => {},
  }
}

const NO_NETWORK: Network['send'] = () => Promise.reject(new Error('there is no network'))

const listen: Network['listen'] = () => Promise.reject(new Error('nobody listens here'))

function worldOver(send: Network['send']): World {
  return {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
    network: { send, listen },
  }
}

/** Carries every request to the consumer, and loses some of the answers. */
function lossy(handle: ReturnType<typeof server>['handle'], lostShare: number): Network['send'] {
  return async (_, { method, path, headers, body, signal }) => {
    const answer = await handle({
      method,
      path,
      headers,
      readBody: async () => body ?? new Uint8Array(),
      signal,
    })
    if (nodeRandom.float() >= lostShare) return answer
    throw new HoldfastError('HF_CALL_LOST', { detail: 'the stress run lost this answer' })
  }
}
