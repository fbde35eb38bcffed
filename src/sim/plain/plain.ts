/**
 * A plain service: a program that does not use Holdfast, run as it is in the simulated world.
 *
 * Its entry file is imported anew for each incarnation, with all modules that it imports, so what it
 * keeps in memory is lost in a crash and shared with nobody. It serves what it listens on; if it listens
 * on nothing, it serves what it exports: `fetch`, or a listener of `node:http`, such as an Express app.
 *
 * Invariants:
 *   P1. Two incarnations share no module of the user's, nor of an isolated package.
 *   P2. A plain service is ready once it listens, or `SETTLE_MS` after its entry was evaluated.
 *
 * Limit: packages are shared unless they are isolated; one that keeps state of its own in a variable
 * keeps it across crashes. A seed that is run twice then differs.
 */
import { sleep, type WireHandler } from '#world'
import { never } from '../actor.ts'
import { wireHandler } from '../foreign.ts'
import { type Household, settle } from './household.ts'
import { listenerHandler, type NodeListener } from '../patch/listener.ts'
import { importFresh } from '../patch/modules.ts'
import type { Incarnation, Program } from '../process.ts'
import type { DatabaseServer } from '../database/server.ts'

/** A program of the user's that becomes a process of the simulation. */
export interface PlainService {
  /** The file that `node` would run, or one that exports `fetch`, a listener or an app. */
  readonly entry: URL
  /** A file of SQL, or a folder of them: what the database holds before the program starts. */
  readonly schema?: URL
  /** All that `process.env` holds. @defaultValue none */
  readonly env?: Readonly<Record<string, string>>
  /** Services that name the same database share it. @defaultValue the service's name */
  readonly database?: string
}

/** How long a program has to listen after its entry was evaluated, in ms. Some never listen. */
const SETTLE_MS = 1_000

/** The port of an address that names none. */
const PORT_DEFAULT = 80

let incarnations = 0

/** What a process runs to be a plain service. */
export function plainProgram(options: {
  readonly service: PlainService
  readonly server: DatabaseServer
  readonly said: (who: string, words: string) => void
  readonly ready: (incarnation: Incarnation) => void
}): Program {
  const { service, server, said, ready } = options
  return async (incarnation) => {
    const listening = Promise.withResolvers<void>()
    const household = householdOf(incarnation, {
      env: { ...service.env },
      connections: server.connectionsOf(incarnation),
      said: (words) => said(incarnation.name, words),
      listens: listening.resolve,
    })
    settle(household)
    const exported = await importFresh(service.entry, household.tag)
    const handler = served(exported, household.host)
    if (handler !== undefined && !household.isListening) {
      await household.listen(PORT_DEFAULT, handler)
    }
    await Promise.race([listening.promise, sleep(incarnation.world.timers, SETTLE_MS)])
    ready(incarnation)
    await never()
  }
}

function householdOf(
  incarnation: Incarnation,
  options: Pick<Household, 'env' | 'connections' | 'said'> & { readonly listens: () => void },
): Household & { readonly isListening: boolean } {
  const { network } = incarnation.world
  const host = incarnation.process.name
  const { listens, ...rest } = options
  let isListening = false
  return {
    ...rest,
    actor: incarnation,
    host,
    tag: `?holdfast=${++incarnations}`,
    get isListening() {
      return isListening
    },
    listen: async (wanted, handler) => {
      const first = await network.listen({ host, port: wanted }, handler)
      const port = Number(new URL(first.origin).port || PORT_DEFAULT)
      const second = isListening || port === PORT_DEFAULT ? undefined : { host, port: PORT_DEFAULT }
      isListening = true
      const others = second === undefined ? [] : [await network.listen(second, handler)]
      listens()
      const close = async (): Promise<void> => {
        await Promise.all([first, ...others].map(async (each) => each.close()))
      }
      return { port, close }
    },
    exit: (code) => incarnation.process.exit(`process.exit(${code})`),
  }
}

/** The names under which programs export what serves requests, likeliest first. */
const EXPORTED = ['default', 'app', 'server', 'handler', 'listener', 'fetch']

function served(
  exported: Readonly<Record<string, unknown>>,
  host: string,
): WireHandler | undefined {
  for (const name of EXPORTED) {
    const value = exported[name]
    if (isFetcher(value)) return wireHandler(async (request) => value.fetch(request), host)
    if (typeof value !== 'function') continue
    // A function takes a request, or a request and a response: only its length tells.
    if (name !== 'fetch' && value.length >= 2) return listenerHandler(value as NodeListener)
    const answer = value as (request: Request) => Response | Promise<Response>
    return wireHandler(answer, host)
  }
  return undefined
}

type Fetcher = { readonly fetch: (request: Request) => Response | Promise<Response> }

function isFetcher(value: unknown): value is Fetcher {
  return (
    typeof value === 'object' &&
    value !== null &&
    'fetch' in value &&
    typeof value.fetch === 'function'
  )
}
