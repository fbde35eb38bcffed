/**
 * Runs all services of a system in one process, each on its own port, behind one public port.
 *
 * Services talk to each other over the network even here, so that what works in development works
 * when each runs alone. The public port knows only the operations that declare an `http` route.
 *
 * Invariants:
 *   Y1. Ports are taken before any database is opened: a taken port costs nothing.
 *   Y2. If one service cannot start, all that started are drained and the first error is thrown.
 *   Y3. Drain closes the front door first, then the services: what was accepted is finished.
 */
import type { BrokerOf } from '#edge'
import { HoldfastError } from '#errors'
import type { Service, System } from '#model'
import type { Observe } from '#observe'
import type { Connections } from '#state'
import { type Listener, sleep, type WireHandler, type World } from '#world'
import { type Config, shout } from './config.ts'
import { gateway } from './gateway.ts'
import { hostService, type ServiceHost } from './host.ts'
import { readMigrations } from './migrations.ts'

/** What it takes to run a system. */
export interface SystemOptions {
  readonly system: System
  readonly world: World
  readonly config: Config
  readonly connect: (service: Service) => Promise<Connections>
  readonly observe: Observe
  /** What carries the events of each service. @defaultValue HTTP push */
  readonly broker?: BrokerOf | undefined
}

/** A system that runs. */
export interface RunningSystem {
  /** `http://host:port` of the public port. */
  readonly origin: string
  readonly services: readonly { readonly name: string; readonly origin: string }[]
  drain(): Promise<void>
}

/** Longest wait for clients that neither finish nor leave, in ms. */
const CLOSE_MS_MAX = 65_000

/**
 * Starts every service of the system.
 *
 * @throws HF_PORT_IN_USE, HF_DB_*, HF_MIGRATION_*, HF_BROKER_* (effect none): nothing is left running.
 */
export async function runSystem(options: SystemOptions): Promise<RunningSystem> {
  const { system, world, config } = options
  const hosts = new Map<string, ServiceHost>()
  const origins = new Map(config.origins)
  const listeners: Listener[] = []
  const port = (offset: number): number => (config.port === 0 ? 0 : config.port + offset)
  const listen = async (offset: number, handler: WireHandler): Promise<string> => {
    const listener = await world.network.listen({ host: config.host, port: port(offset) }, handler)
    listeners.push(listener)
    return listener.origin
  }
  try {
    const origin = await listen(0, gateway(system, hosts))
    for (const [index, { name }] of system.services.entries()) {
      // oxlint-disable-next-line no-await-in-loop -- ports are taken in order, so that the first clash is named.
      origins.set(name, await listen(index + 1, notYet(hosts, name)))
    }
    await startAll(options, hosts, origins)
    const services = system.services.map(({ name }) => ({ name, origin: origins.get(name) ?? '' }))
    return { origin, services, drain: async () => drainAll(world, hosts, listeners) }
  } catch (error) {
    await drainAll(world, hosts, listeners)
    throw error
  }
}

async function startAll(
  { system, world, connect, observe, broker }: SystemOptions,
  hosts: Map<string, ServiceHost>,
  origins: ReadonlyMap<string, string>,
): Promise<void> {
  const resolve = (target: string): string => originOf(origins, target)
  const starts = system.services.map(async (service) => {
    const migrations = await readMigrations(service)
    const connections = await connect(service)
    const host = hostService({
      service,
      system,
      world,
      connections,
      migrations,
      resolve,
      observe,
      broker,
    })
    hosts.set(service.name, host)
    await host.start()
  })
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function originOf(origins: ReadonlyMap<string, string>, target: string): string {
  const origin = origins.get(target)
  if (origin !== undefined) return origin
  throw new HoldfastError('HF_CALL_NOT_SENT', {
    detail: `nobody said where '${target}' is`,
    fix: `Set HOLDFAST_URL_${shout(target)} to its origin.`,
  })
}

function notYet(hosts: ReadonlyMap<string, ServiceHost>, name: string): WireHandler {
  return async (request) => {
    const host = hosts.get(name)
    if (host !== undefined) return host.handle(request)
    return { status: 503, headers: { 'retry-after': '1' }, body: new Uint8Array() }
  }
}

async function drainAll(
  world: World,
  hosts: ReadonlyMap<string, ServiceHost>,
  listeners: readonly Listener[],
): Promise<void> {
  const [front, ...inner] = listeners
  await bounded(world, front === undefined ? [] : [front.close()])
  await Promise.allSettled([...hosts.values()].map(async (host) => host.drain()))
  await bounded(
    world,
    inner.map(async (listener) => listener.close()),
  )
}

async function bounded(world: World, closing: readonly Promise<void>[]): Promise<void> {
  const over = new AbortController()
  const limit = sleep(world.timers, CLOSE_MS_MAX, over.signal).catch(() => undefined)
  await Promise.race([Promise.allSettled(closing), limit])
  over.abort()
}
