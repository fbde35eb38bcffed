/**
 * The directories of a process: which one answers for a place, and where this process announces itself.
 */
import type { Config, SystemOptions } from '#host'
import { unreachable } from '#errors'
import type { World } from '#world'
import { dnsLookup, dnsQuestions, srvLookup } from './lookups.ts'
import { connectPostgres } from './postgres.ts'
import { Registry } from './registry.ts'

/** What a system needs of them, and their end. */
export interface Directories extends Pick<SystemOptions, 'lookup' | 'announce'> {
  close(): Promise<void>
}

/** Sessions with the registry: one announces, and one looks up. */
const SESSIONS_MAX = 2

/** Opens what the configuration names. Without a registry, announcing does nothing. */
export function directories({ registryUrl }: Config, world: World): Directories {
  const dns = dnsQuestions()
  const registry =
    registryUrl === undefined
      ? undefined
      : new Registry(connectPostgres({ url: registryUrl, sessionsMax: SESSIONS_MAX }), world)
  return {
    lookup: (place, name) => {
      switch (place.kind) {
        case 'dns':
          return dnsLookup(place, dns)
        case 'srv':
          return srvLookup(place, dns)
        case 'registry':
          // The configuration refuses a place in a registry that is not there.
          return registry?.lookup(name) ?? (async () => ({ origins: [] }))
        default:
          return unreachable(place)
      }
    },
    announce: async (name, origin) =>
      registry === undefined ? { stop: async () => undefined } : registry.announce(name, origin),
    close: async () => registry?.close(),
  }
}
