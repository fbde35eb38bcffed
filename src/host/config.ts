/**
 * The configuration: environment variables, read once, with every fault named at once.
 *
 * | variable | meaning | default |
 * |---|---|---|
 * | `PORT` | public port; service n of the system listens on PORT + n | 4000 |
 * | `HOST` | address to bind | 127.0.0.1 |
 * | `DATABASE_URL` | PostgreSQL server; each service gets the database `<name>_<service>` on it | embedded PGlite |
 * | `DATABASE_URL_<SERVICE>` | the database of one service, instead | |
 * | `HOLDFAST_DIR` | embedded databases and logs | `.holdfast` |
 * | `HOLDFAST_URL_<NAME>` | where a foreign service is, or one that runs elsewhere (`place.ts`) | its stand-in, or the registry |
 * | `HOLDFAST_NATS_URL` | NATS servers that carry the events, with commas between them | HTTP push |
 * | `HOLDFAST_NATS_REPLICAS` | servers that keep each event: 1, 3 or 5 | 3 of three named ones, else 1 |
 * | `HOLDFAST_SERVICES` | the services that run in this process, with commas | all |
 * | `HOLDFAST_REGISTRY_URL` | PostgreSQL in which instances announce themselves and find others | none |
 * | `HOLDFAST_ADVERTISE` | the host name under which others reach this process | `HOST` |
 * | `HOLDFAST_SESSIONS` | PostgreSQL connections of each service, 1 to 100 | 10 |
 *
 * Invariants:
 *   F1. A message never holds the value of a variable that may hold a password.
 */
import { HoldfastError } from '#errors'
import type { System } from '#model'
import { type Place, placeOf } from './place.ts'

/** A validated configuration. */
export interface Config {
  readonly host: string
  /** 0 lets the system choose every port. */
  readonly port: number
  readonly directory: string
  readonly sessionsMax: number
  /** Server for all services, or `undefined` for embedded databases. */
  readonly databaseUrl: string | undefined
  /** By service name. */
  readonly databaseUrls: ReadonlyMap<string, string>
  /** Where services are that were placed, by name. */
  readonly places: ReadonlyMap<string, Place>
  /** The services that run in this process. */
  readonly services: readonly string[]
  /** The database of the registry, or `undefined` if there is none. */
  readonly registryUrl: string | undefined
  /** The host name under which others reach this process. */
  readonly advertise: string
  /** Where NATS is, and how many of its servers keep each event; `undefined`: no broker. */
  readonly nats: { readonly servers: readonly string[]; readonly replicas: number } | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the configuration of a system.
 *
 * @throws HF_CONFIG_INVALID (effect none) naming every variable that cannot be used.
 */
export function readConfig(environment: Environment, system: System): Config {
  const faults: string[] = []
  const names = [...system.services, ...system.foreign].map((each) => each.name)
  const config: Config = {
    host: environment['HOST'] || '127.0.0.1',
    port: integer(
      environment,
      'PORT',
      { fallback: 4_000, min: 0, max: 65_535 - names.length },
      faults,
    ),
    directory: environment['HOLDFAST_DIR'] || '.holdfast',
    sessionsMax: integer(
      environment,
      'HOLDFAST_SESSIONS',
      { fallback: 10, min: 1, max: 100 },
      faults,
    ),
    databaseUrl: databaseUrl(environment, 'DATABASE_URL', faults),
    databaseUrls: byName(names, (name) =>
      databaseUrl(environment, `DATABASE_URL_${shout(name)}`, faults),
    ),
    places: byName(names, (name) => place(environment, `HOLDFAST_URL_${shout(name)}`, faults)),
    services: services(environment, system, faults),
    registryUrl: databaseUrl(environment, 'HOLDFAST_REGISTRY_URL', faults),
    advertise: environment['HOLDFAST_ADVERTISE'] || environment['HOST'] || '127.0.0.1',
    nats: nats(environment, faults),
  }
  if (faults.length === 0) return config
  throw new HoldfastError('HF_CONFIG_INVALID', { detail: faults.join('; '), particulars: faults })
}

/** `cartItems` is `CART_ITEMS` in a variable. */
export function shout(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').toUpperCase()
}

function byName<T>(
  names: readonly string[],
  read: (name: string) => T | undefined,
): ReadonlyMap<string, T> {
  return new Map(
    names.flatMap((name) => {
      const value = read(name)
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

function integer(
  environment: Environment,
  name: string,
  { fallback, min, max }: { readonly fallback: number; readonly min: number; readonly max: number },
  faults: string[],
): number {
  const text = environment[name]
  if (text === undefined || text === '') return fallback
  const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  faults.push(`${name} must be a whole number from ${min} to ${max}, not '${text.slice(0, 20)}'`)
  return fallback
}

function databaseUrl(environment: Environment, name: string, faults: string[]): string | undefined {
  const text = environment[name]
  if (text === undefined || text === '') return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') return text
  faults.push(
    `${name} must look like postgres://user:password@host:5432/name (its value is not shown)`,
  )
  return undefined
}

function nats(environment: Environment, faults: string[]): Config['nats'] {
  const text = environment['HOLDFAST_NATS_URL']
  if (text === undefined || text === '') return undefined
  const servers = text.split(',').map((each) => each.trim())
  if (!servers.every(isNatsUrl)) {
    faults.push(
      'HOLDFAST_NATS_URL must look like nats://host:4222,nats://… (its value is not shown)',
    )
  }
  const fallback = servers.length >= 3 ? 3 : 1
  const limits = { fallback, min: 1, max: 5 }
  const replicas = integer(environment, 'HOLDFAST_NATS_REPLICAS', limits, faults)
  if (replicas % 2 === 0) {
    faults.push(
      `HOLDFAST_NATS_REPLICAS must be 1, 3 or 5: of ${replicas}, no more may fail than of ${replicas - 1}`,
    )
  }
  return { servers, replicas }
}

function isNatsUrl(text: string): boolean {
  return URL.canParse(text) && /^(nats|tls):$/.test(new URL(text).protocol)
}

function place(environment: Environment, name: string, faults: string[]): Place | undefined {
  const text = environment[name]
  if (text === undefined || text === '') return undefined
  const found = placeOf(text)
  if (found === undefined)
    faults.push(
      `${name} must be an origin such as http://payments.internal:8080 without a path, several with commas, dns+http://host:port, srv+http://name, or 'registry'`,
    )
  else if (found.kind === 'registry' && !environment['HOLDFAST_REGISTRY_URL'])
    faults.push(`${name} is 'registry', but HOLDFAST_REGISTRY_URL does not say where that is`)
  return found
}

function services(environment: Environment, system: System, faults: string[]): readonly string[] {
  const all = system.services.map(({ name }) => name)
  const text = environment['HOLDFAST_SERVICES']
  if (text === undefined || text === '') return all
  const wanted = text.split(',').map((name) => name.trim())
  const unknown = wanted.filter((name) => !all.includes(name))
  if (unknown.length > 0)
    faults.push(
      `HOLDFAST_SERVICES names ${unknown.map((name) => `'${name}'`).join(', ')}; the system has ${all.join(', ')}`,
    )
  return all.filter((name) => wanted.includes(name))
}
