/**
 * The host: declared services, running.
 *
 * `hostService` runs one service in whatever world it is given, which is how the simulation runs the
 * very code that production runs. `runSystem` runs all services of a system in one process.
 */
export { readConfig, shout, type Config } from './config.ts'
export { type Place } from './place.ts'
export { type Health, type Phase, type Readiness } from './health.ts'
export { hostService, type HostOptions, type ServiceHost } from './host.ts'
export { readMigrations } from './migrations.ts'
export { readSchema } from './schema.ts'
export { runSystem, type RunningSystem, type SystemOptions } from './running-system.ts'
