/**
 * Runs services of a system in one process, all or some, each on its own port, behind one public port.
 *
 * Services talk to each other over the network even here, so that what works in development works
 * when each runs alone. The public port knows only the operations that declare an `http` route.
 *
 * Invariants:
 *   Y1. Ports are taken before any database is opened: a taken port costs nothing.
 *   Y2. If one service cannot start, all that started are drained and the first error is thrown.
 *   Y3. Drain closes the front door first, then the services: what was accepted is finished.
 */
import { type BrokerOf, type Lookup, type Site, Topology } from '#edge'
import { HoldfastError } from '#errors'
import type { Service, System } from '#model'
import type { Observe } from '#observe'
import type { Connections } from '#state'
import { type Listener, sleep, type WireHandler, type World } from '#world'
import { type Config, shout } from './config.ts'
import { gateway } from './gateway.ts'
import { hostService, type ServiceHost } from './host.ts'
import { readMigrations } from './migrations.ts'
import type { Place } from './place.ts'

/** What it takes to run a system. */
export interface SystemOptions {
  readonly system: System
  readonly world: World
  readonly config: Config
  readonly connect: (service: Service) => Promise<Connections>
  readonly observe: Observe
  /** What carries the events of each service. @defaultValue HTTP push */
  readonly broker?: BrokerOf | undefined
  /** Asks the directory that a place names. */
  readonly lookup: (place: Directory, name: string) => Lookup
  /** Says that an instance of a service is at this origin, until it is told to stop. */
  readonly announce: (name: string, origin: string) => Promise<Announced>
}

/** A place that a directory knows. */
export type Directory = Exclude<Place, { readonly kind: 'origins' }>

/** An instance that others can find. */
export interface Announced {
  stop(): Promise<void>
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
  const own = system.services.filter(({ name }) => config.services.includes(name))
  const hosts = new Map<string, ServiceHost>()
  const origins = new Map<string, string>()
  const listeners: Listener[] = []
  const announced: Announced[] = []
  const topology = new Topology(world, lookupsOf(options))
  const port = (offset: number): number => (config.port === 0 ? 0 : config.port + offset)
  const listen = async (offset: number, handler: WireHandler): Promise<string> => {
    const listener = await world.network.listen({ host: config.host, port: port(offset) }, handler)
    listeners.push(listener)
    return listener.origin
  }
  const drain = async (): Promise<void> => {
    await Promise.allSettled(announced.map(async (each) => each.stop()))
    topology.stop()
    await drainAll(world, hosts, listeners)
  }
  try {
    const origin = await listen(0, gateway({ name: system.name, services: own }, hosts))
    for (const [index, { name }] of system.services.entries()) {
      if (!config.services.includes(name)) continue
      // oxlint-disable-next-line no-await-in-loop -- ports are taken in order, so that the first clash is named.
      origins.set(name, await listen(index + 1, notYet(hosts, name)))
    }
    await topology.start()
    await startAll(options, { own, hosts, resolve: resolver(config, topology, origins), topology })
    for (const [name, found] of origins)
      // oxlint-disable-next-line no-await-in-loop -- a few, and each is quick.
      announced.push(await options.announce(name, advertised(found, config)))
    const services = own.map(({ name }) => ({ name, origin: origins.get(name) ?? '' }))
    return { origin, services, drain }
  } catch (error) {
    await drain()
    throw error
  }
}

/** The directories that are asked for services that do not run here and have no known origin. */
function lookupsOf({ system, config, lookup }: SystemOptions): ReadonlyMap<string, Lookup> {
  const lookups = new Map<string, Lookup>()
  for (const { name } of [...system.services, ...system.foreign]) {
    const place = config.places.get(name) ?? registryFor(config, name)
    if (place !== undefined && place.kind !== 'origins') lookups.set(name, lookup(place, name))
  }
  return lookups
}

function registryFor({ services, registryUrl }: Config, name: string): Place | undefined {
  return registryUrl === undefined || services.includes(name) ? undefined : { kind: 'registry' }
}

/** Where a call goes: to where the service was placed, or else to this process, or to a directory. */
function resolver(
  config: Config,
  topology: Topology,
  here: ReadonlyMap<string, string>,
): Site['resolve'] {
  return (target) => {
    const place = config.places.get(target)
    if (place?.kind === 'origins')
      return place.origins.length === 1 ? (place.origins[0] ?? '') : place.origins
    if (topology.knows(target)) return topology.resolve(target)
    const origin = here.get(target)
    if (origin !== undefined) return origin
    throw new HoldfastError('HF_CALL_NOT_SENT', {
      detail: `nobody said where '${target}' is`,
      fix: `Set HOLDFAST_URL_${shout(target)} to its origin.`,
    })
  }
}

/** The origin as others reach it: a process that listens at every address has to say by which name. */
function advertised(origin: string, { advertise }: Config): string {
  const url = new URL(origin)
  url.hostname = advertise
  return url.origin
}

interface Starting {
  readonly own: readonly Service[]
  readonly hosts: Map<string, ServiceHost>
  readonly resolve: Site['resolve']
  readonly topology: Topology
}

async function startAll(
  { system, world, connect, observe, broker }: SystemOptions,
  { own, hosts, resolve, topology }: Starting,
): Promise<void> {
  const unreachable = (target: string): void => topology.unreachable(target)
  const starts = own.map(async (service) => {
    const migrations = await readMigrations(service)
    const connections = await connect(service)
    const host = hostService({
      service,
      system,
      world,
      connections,
      migrations,
      resolve,
      unreachable,
      observe,
      broker,
    })
    hosts.set(service.name, host)
    await host.start()
  })
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
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
