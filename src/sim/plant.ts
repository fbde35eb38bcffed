/**
 * The plant: everything that one seed's world consists of, put together.
 */
import { HoldfastError } from '#errors'
import { hostService } from '#host'
import type { Service, System } from '#model'
import type { Fact, Observe } from '#observe'
import type { Migration } from '#state'
import { never } from './actor.ts'
import type { Faults } from './fault.ts'
import { foreignProgram, PORT } from './foreign.ts'
import { killAtCommit } from './nemesis.ts'
import type { SimulatedNetwork } from './network.ts'
import type { SimulateOptions } from './options.ts'
import type { Postgres } from './postgres.ts'
import { chance } from './chance.ts'
import {
  type ClockError,
  described,
  type Incarnation,
  Process,
  type Program,
  type Surroundings,
} from './process.ts'
import type { Schedule } from './schedule.ts'
import { DatabaseServer } from './server.ts'

/** A service with what it takes to run it. */
export interface Prepared {
  readonly service: Service
  readonly migrations: readonly Migration[]
  readonly postgres: Postgres
}

/** What the plant is built from. */
export interface Ground {
  readonly seed: number
  readonly system: System
  readonly prepared: readonly Prepared[]
  readonly foreign: SimulateOptions['foreign']
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
  readonly resolve: (target: string) => string
  readonly observeAs: (name: string) => Observe
}

/** Builds the world of a seed. Nothing runs yet. */
export function buildPlant(ground: Ground): Plant {
  const { seed, system, schedule, faults, network, surroundings } = ground
  const ready = new WeakSet<Incarnation>()
  const servers = new Map<string, DatabaseServer>()
  const everybody: Process[] = []
  const join = (name: string, program: Program): Process => {
    const process = new Process(name, program, surroundings, clockErrorOf(name, ground))
    network.join(process)
    everybody.push(process)
    return process
  }
  const observeAs =
    (name: string): Observe =>
    (fact) =>
      schedule.note(name, 'fact', describedFact(fact))
  const services = ground.prepared.map(({ service, migrations, postgres }) => {
    const { name } = service
    const committed = (ordinal: number): void => {
      ground.committed()
      killAtCommit({ seed, faults }, process, ordinal)
    }
    const clockError = clockErrorOf(`db:${name}`, ground)
    const server = new DatabaseServer({
      name,
      seed,
      schedule,
      faults,
      postgres,
      clockError,
      committed,
    })
    servers.set(name, server)
    const program = serviceProgram({ service, system, migrations, server, observeAs, ready })
    const process = join(name, program)
    return process
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

/** How wrong a clock is at most: two seconds, and 17 seconds a day. */
const SKEW = { offsetMs: 2_000, driftPpm: 200 }

/** How wrong the clock of this process, or server, is. */
function clockErrorOf(name: string, { seed, faults }: Pick<Ground, 'seed' | 'faults'>): ClockError {
  if (!faults.lasts('skew', name)) return { offsetMs: 0, driftPpm: 0 }
  const part = (about: string): number => 2 * chance(seed, `skew ${about} ${name}`) - 1
  return { offsetMs: part('offset') * SKEW.offsetMs, driftPpm: part('drift') * SKEW.driftPpm }
}

/** What a process runs to be a service: the very host that production runs. */
function serviceProgram(options: {
  readonly service: Service
  readonly system: System
  readonly migrations: readonly Migration[]
  readonly server: DatabaseServer
  readonly observeAs: (name: string) => Observe
  readonly ready: WeakSet<Incarnation>
}): Program {
  const { service, system, migrations, server, observeAs, ready } = options
  return async (incarnation) => {
    const { world, name } = incarnation
    const host = hostService({
      service,
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

/** Every service listens on the default port of a host with its own name. */
function resolve(target: string): string {
  return `http://${target}`
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
