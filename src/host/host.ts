/**
 * Runs one declared service: its arrows, its relay, its health, its end.
 *
 * The host knows neither Node nor the simulation: it is given a `World` and connections, so that what
 * is simulated is what runs.
 */
import type { Service, System } from '#model'
import type { Observe } from '#observe'
import type { Connections, Migration } from '#state'
import type { WireHandler, World } from '#world'

/** Everything that a service needs to run. */
export interface HostOptions {
  readonly service: Service
  readonly system: System
  readonly world: World
  readonly connections: Connections
  /** The service's own migrations, read beforehand (`readMigrations`). */
  readonly migrations: readonly Migration[]
  /** The origin of a service of the system. */
  readonly resolve: (target: string) => string
  readonly observe: Observe
}

/** A service that can be started, asked and stopped. */
export interface ServiceHost {
  /** Answers calls, event deliveries, `/livez` and `/readyz`. Usable before `start`: then it is not ready. */
  readonly handle: WireHandler
  /** Migrates the database and begins to relay. @throws HF_DB_*, HF_MIGRATION_* */
  start(): Promise<void>
  /** Refuses new work, finishes what runs within the longest accepted deadline, stops and closes. */
  drain(): Promise<void>
}
