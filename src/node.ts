/**
 * `holdfast/node`: what was declared, running on Node.
 *
 * `serve` runs a system. The parts are here, too, for a program that has a server of its own: a
 * service's handler mounted in it, or one edge used inside a handler that knows nothing of Holdfast.
 */
export {
  connectPglite,
  connectPostgres,
  ensureDatabase,
  fetchHandler,
  fromPg,
  fromPglite,
  guarded,
  httpNetwork,
  nodeListener,
  nodeWorld,
  outbox,
  serve,
  type ServeOptions,
} from '#adapters'
export { onceIn as once, standaloneCaller, type OnceResult, type Outbox } from '#edge'
export { hostService, readMigrations, type RunningSystem, type ServiceHost } from '#host'
export type { Fact, Observe } from '#observe'
