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
  fromPrisma,
  guarded,
  httpNetwork,
  nodeListener,
  nodeWorld,
  outbox,
  serve,
  type ServeOptions,
  withHeaders,
  wrap,
  wrapFetch,
  type Fetch,
  type FetchPolicy,
} from '#adapters'
export {
  ofOneRequest,
  onceIn as once,
  standaloneCaller,
  type AttemptContext,
  type OnceResult,
  type Outbox,
  type Thrown,
  type ThrownWord,
  type Wrapped,
  type WrappedFunction,
} from '#edge'
export { hostService, readMigrations, type RunningSystem, type ServiceHost } from '#host'
export type { Fact, Observe } from '#observe'
