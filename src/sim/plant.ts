/**
 * The plant: everything that one seed's world consists of, put together.
 */
import { HoldfastError } from '#errors'
import { hostService } from '#host'
import type { System } from '#model'
import type { Fact, Observe } from '#observe'
import type { Migration } from '#state'
import { never } from './actor.ts'
import type { Faults } from './fault.ts'
import { foreignProgram, PORT } from './foreign.ts'
import { instanceNames } from './instances.ts'
import { killAtCommit } from './nemesis.ts'
import type { SimulatedNetwork } from './network.ts'
import type { SimulateOptions } from './options.ts'
import { plainProgram } from './plain/plain.ts'
import type { Postgres } from './database/postgres.ts'
import type { Preparation, Tenant } from './plain/prepare.ts'
import { chance } from './chance.ts'
import {
  type ClockError,
  described,
  type Incarnation,
  type Nature,
  Process,
  type Program,
  type Surroundings,
} from './process.ts'
import { costly, priceOf } from './processor.ts'
import type { Rollout, Version } from './rollout.ts'
import type { Schedule } from './schedule.ts'
import { DatabaseServer } from './database/server.ts'

/** A database with those who use it, and what it takes to run them. */
export interface Prepared extends Preparation {
  readonly postgres: Postgres
}

/** What the plant is built from. */
export interface Ground {
  readonly seed: number
  readonly system: System
  readonly prepared: readonly Prepared[]
  readonly foreign: SimulateOptions['foreign']
  readonly instances: SimulateOptions['instances']
  readonly cpu: SimulateOptions['cpu']
  readonly observe: SimulateOptions['observe']
  /** Says which version of a service runs. */
  readonly rollout: Rollout
  readonly schedule: Schedule
  readonly faults: Faults
  readonly network: SimulatedNetwork
  readonly surroundings: Surroundings
  /** Hears of each commit, on any server. */
  readonly committed: () => void
}

/** All processes and servers of one world. */
export interface Plant {
  readonly servers: ReadonlyMap<string, DatabaseServer>
  readonly services: readonly Process[]
  readonly foreign: readonly Process[]
  /** Every process that was ever made, the client among them. */
  readonly everybody: readonly Process[]
  /** Starts the process of the test, which runs `work` once. */
  client(work: (incarnation: Incarnation) => Promise<void>): Process
  /** The services that do not serve now, each with the reason. */
  down(): readonly string[]
  readonly resolve: (target: string) => string | readonly string[]
  readonly observeAs: (name: string) => Observe
}

/** Builds the world of a seed. Nothing runs yet. */
export function buildPlant(ground: Ground): Plant {
  const { system, schedule, network, surroundings } = ground
  const ready = new WeakSet<Incarnation>()
  const servers = new Map<string, DatabaseServer>()
  const everybody: Process[] = []
  const resolve = originsOf(ground.instances)
  const join = (
    name: string,
    program: Program,
    nature: Pick<Nature, 'service' | 'price'> = {},
  ): Process => {
    const clockError = clockErrorOf(name, ground)
    const process = new Process(name, program, surroundings, { ...nature, clockError })
    network.join(process)
    everybody.push(process)
    return process
  }
  const observeAs =
    (name: string): Observe =>
    (fact) => {
      schedule.note(name, 'fact', describedFact(fact))
      ground.observe?.(fact)
    }
  const services = ground.prepared.flatMap(({ tenants, ...prepared }) => {
    const users: (readonly Process[])[] = []
    const isPlain = tenants.some((each) => 'plain' in each)
    const server = serverOf(ground, prepared, { users, isPlain })
    servers.set(prepared.name, server)
    const { migrations } = prepared
    for (const tenant of tenants) {
      const program = programOf(tenant, ground, { migrations, server, resolve, observeAs, ready })
      const kind = 'service' in tenant ? 'declared' : 'plain'
      const nature = { service: tenant.name, price: priceOf(ground.cpu?.[tenant.name], kind) }
      const names = instanceNames(tenant.name, ground.instances?.[tenant.name])
      users.push(names.map((name) => join(name, program, nature)))
    }
    return users.flat()
  })
  const foreign = system.foreign.map(({ name }) =>
    join(name, foreignProgram(name, foreignNamed(name, ground.foreign))),
  )
  return {
    servers,
    services,
    foreign,
    everybody,
    client: (work) => {
      const process = join('client', work)
      process.start()
      return process
    },
    down: () =>
      services
        .filter(({ alive }) => alive === undefined || !ready.has(alive))
        .map(({ name, lastWords }) => `${name} is down: ${lastWords}`),
    resolve,
    observeAs,
  }
}

/**
 * The server of a database. Whoever uses it may die of a commit: of a shared one, any of the services,
 * and of its instances the one whose commit it is.
 */
function serverOf(
  ground: Ground,
  { name, postgres }: Pick<Prepared, 'name' | 'postgres'>,
  {
    users,
    isPlain,
  }: { readonly users: readonly (readonly Process[])[]; readonly isPlain: boolean },
): DatabaseServer {
  const { seed, schedule, faults } = ground
  const committed = (ordinal: number, client: Incarnation): void => {
    ground.committed()
    const whose = Math.floor(chance(seed, `whose commit ${name}`, ordinal) * users.length)
    const instances = users[whose] ?? []
    const process = instances.find((each) => each === client.process) ?? instances[0]
    if (process !== undefined) killAtCommit({ seed, faults }, process, ordinal)
  }
  return new DatabaseServer({
    name,
    seed,
    schedule,
    faults,
    postgres,
    clockError: clockErrorOf(`db:${name}`, ground),
    committed,
    ...(isPlain && { connectionsMax: CONNECTIONS_OF_PLAIN }),
  })
}

/** What PostgreSQL allows unless it is configured; the pool of a plain service has its own bound. */
const CONNECTIONS_OF_PLAIN = 100

/** How wrong a clock is at most: two seconds, and 17 seconds a day. */
const SKEW = { offsetMs: 2_000, driftPpm: 200 }

/** How wrong the clock of this process, or server, is. */
function clockErrorOf(name: string, { seed, faults }: Pick<Ground, 'seed' | 'faults'>): ClockError {
  if (!faults.lasts('skew', name)) return { offsetMs: 0, driftPpm: 0 }
  const part = (about: string): number => 2 * chance(seed, `skew ${about} ${name}`) - 1
  return { offsetMs: part('offset') * SKEW.offsetMs, driftPpm: part('drift') * SKEW.driftPpm }
}

/** What a program finds around it. */
interface Room {
  readonly migrations: readonly Migration[]
  readonly server: DatabaseServer
  readonly resolve: Plant['resolve']
  readonly observeAs: Plant['observeAs']
  readonly ready: WeakSet<Incarnation>
}

/** What the processes of a service run. */
function programOf(
  tenant: Tenant,
  { rollout, system, schedule }: Pick<Ground, 'rollout' | 'system' | 'schedule'>,
  room: Room,
): Program {
  if ('service' in tenant) {
    const present = { service: tenant.service, system }
    return serviceProgram({
      versionOf: (process) => rollout.versionOf(process, present),
      ...room,
    })
  }
  return plainProgram({
    service: tenant.plain,
    server: room.server,
    said: (who, words) => schedule.note(who, 'said', words),
    ready: (incarnation) => room.ready.add(incarnation),
  })
}

/** What a process runs to be a service: the very host that production runs. */
function serviceProgram(
  options: Room & { readonly versionOf: (process: string) => Version },
): Program {
  const { versionOf, migrations, server, resolve, observeAs, ready } = options
  return async (incarnation) => {
    const { world, name, process } = incarnation
    const { service, system } = versionOf(process.name)
    const { handlerUs } = process.price
    const occupy = async (): Promise<void> => incarnation.occupy(handlerUs)
    const host = hostService({
      service: handlerUs === 0 ? service : costly(service, occupy),
      system,
      world,
      connections: server.connectionsOf(incarnation),
      migrations,
      resolve,
      observe: observeAs(name),
    })
    await world.network.listen({ host: service.name, port: PORT }, host.handle)
    await host.start()
    ready.add(incarnation)
    await never()
  }
}

/** Every process listens on the default port of a host with its own name. */
function originsOf(instances: Ground['instances'] = {}): Plant['resolve'] {
  return (target) => {
    const origins = instanceNames(target, instances[target]).map((name) => `http://${name}`)
    return origins.length > 1 ? origins : `http://${target}`
  }
}

function foreignNamed(
  name: string,
  programs: SimulateOptions['foreign'] = {},
): NonNullable<SimulateOptions['foreign']>[string] {
  const program = programs[name]
  if (program !== undefined) return program
  throw new HoldfastError('HF_CONFIG_INVALID', {
    detail: `nobody plays the foreign service '${name}' in the simulation`,
    fix: `Give simulate a program for it: foreign: { ${name}: (environment) => handler }.`,
  })
}

function describedFact(fact: Fact): string {
  return Object.entries(fact)
    .filter(([name]) => name !== 'service')
    .map(([name, value]) =>
      name === 'error' ? `error=${described(value)}` : `${name}=${plain(value)}`,
    )
    .join(' ')
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined')
}
