/**
 * Runs one declared service: its arrows, its relay, its health, its end.
 *
 * The host knows neither Node nor the simulation: it is given a `World` and connections, so that what
 * is simulated is what runs.
 *
 * Invariants:
 *   H1. Nothing is served before the migrations are applied.
 *   H2. Drain is ordered: new work is refused, running work ends, the relay puts its leases back, and
 *       only then the broker is left and the database is closed. An answer that was promised is not cut off.
 */
import { type BrokerOf, httpPush, relay, server, type Site } from '#edge'
import { vacate } from '#lease'
import type { Service, System } from '#model'
import type { Observe } from '#observe'
import { type Connections, migrate, type Migration, openDatabase } from '#state'
import type { WireHandler, World } from '#world'
import { type Health, health, type Phase } from './health.ts'

/** Everything that a service needs to run. */
export interface HostOptions {
  readonly service: Service
  readonly system: System
  readonly world: World
  readonly connections: Connections
  /** The service's own migrations, read beforehand (`readMigrations`). */
  readonly migrations: readonly Migration[]
  /** The origin of a service of the system. */
  readonly resolve: Site['resolve']
  /** Hears of callees that could not be reached. @defaultValue nobody listens */
  readonly unreachable?: (target: string) => void
  readonly observe: Observe
  /** What carries its events. @defaultValue `httpPush` */
  readonly broker?: BrokerOf | undefined
}

/** A service that can be started, asked and stopped. */
export interface ServiceHost {
  /** Answers calls, event deliveries, `/livez` and `/readyz`. Usable before `start`: then it is not ready. */
  readonly handle: WireHandler
  readonly health: Health
  /** Migrates the database and begins to relay. @throws HF_DB_*, HF_MIGRATION_*, HF_BROKER_* */
  start(): Promise<void>
  /** Refuses new work, finishes what runs within the longest accepted deadline, stops and closes. */
  drain(): Promise<void>
}

/** Makes the host of a service. Nothing happens before `start`. */
export function hostService(options: HostOptions): ServiceHost {
  const { service, system, world, connections, migrations, resolve, unreachable, observe } = options
  const { broker: brokerOf = httpPush } = options
  const database = openDatabase(connections, world)
  let phase: Phase = 'starting'
  const enter = (next: Phase, detail: string): void => {
    phase = next
    observe({ fact: 'lifecycle', service: service.name, phase, detail })
  }
  const site: Site = {
    service,
    system,
    world,
    database,
    resolve,
    ...(unreachable === undefined ? {} : { unreachable }),
    observe,
    wake: () => events.wake(),
  }
  const calls = server(site)
  const broker = brokerOf(site)
  const events = relay(site, broker)
  const vital = health(database, world, () => phase)
  return {
    health: vital,
    handle: async (request) => (await vital.answer(request)) ?? (await calls.handle(request)),
    async start() {
      enter('starting', `${migrations.length} migrations declared`)
      const applied = await migrate(database, migrations)
      // Nobody else can have this database open, so whoever held its leases is dead.
      if (database.exclusive) await vacate(database)
      await broker.intake?.start(calls.handle)
      events.start()
      enter('ready', `${applied.length} migrations applied`)
    },
    async drain() {
      if (phase === 'draining' || phase === 'stopped') return
      enter('draining', `${calls.inFlight()} requests in flight`)
      // While the gate is open: what the broker handed over would be refused otherwise, and come again.
      await broker.intake?.stop()
      await calls.drain()
      await events.stop()
      await broker.intake?.close()
      await database.close()
      enter('stopped', 'nothing in flight')
    },
  }
}
