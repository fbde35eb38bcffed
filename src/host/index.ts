/**
 * The host: a declared service, running.
 */
export type { HostOptions, ServiceHost } from './host.ts'
