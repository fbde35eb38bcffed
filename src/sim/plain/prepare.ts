/**
 * What a world needs of the user's files, read once: which databases there are, and who lives on each.
 */
import { HoldfastError } from '#errors'
import { readMigrations, readSchema } from '#host'
import type { Service, System } from '#model'
import type { Migration } from '#state'
import { instanceNames, refuseStrangers } from '../instances.ts'
import type { SimulateOptions } from '../options.ts'
import type { PlainService } from './plain.ts'

/** Who uses a database: a declared service, which has it for itself, or plain ones, which may share. */
export type Tenant =
  | { readonly name: string; readonly service: Service }
  | { readonly name: string; readonly plain: PlainService }

/** A database and its tenants. */
export interface Preparation {
  /** The name of the database. */
  readonly name: string
  readonly migrations: readonly Migration[]
  readonly tenants: readonly Tenant[]
}

/** Reads what the services bring. @throws HF_MIGRATION_*, HF_CONFIG_INVALID */
export async function preparationsOf(
  system: System,
  options: Pick<SimulateOptions, 'services' | 'instances' | 'cpu'>,
): Promise<readonly Preparation[]> {
  const { services: plain = {}, instances = {} } = options
  const declared = system.services.map(async (service): Promise<Preparation> => {
    const { name } = service
    return { name, migrations: await readMigrations(service), tenants: [{ name, service }] }
  })
  const databases = Map.groupBy(Object.entries(plain), ([name, { database = name }]) => database)
  const shared = [...databases].map(async ([name, services]): Promise<Preparation> => {
    const tenants = services.map(([each, service]) => ({ name: each, plain: service }))
    return {
      name,
      tenants,
      migrations: await schemaOf(
        name,
        services.map(([, each]) => each),
      ),
    }
  })
  const all = await Promise.all([...declared, ...shared])
  refuseDoubles(
    all.map(({ name }) => name),
    'databases',
  )
  const services = all.flatMap(({ tenants }) => tenants.map(({ name }) => name))
  refuseDoubles(services, 'services')
  refuseStrangers(services, options)
  const processes = services.flatMap((name) => instanceNames(name, instances[name]))
  refuseDoubles(processes, 'processes')
  return all
}

async function schemaOf(
  database: string,
  services: readonly PlainService[],
): Promise<readonly Migration[]> {
  const [first, second] = [...new Set(services.flatMap(({ schema }) => schema?.href ?? []))]
  if (second === undefined) return first === undefined ? [] : readSchema(new URL(first))
  throw new HoldfastError('HF_CONFIG_INVALID', {
    detail: `the services on the database '${database}' bring two schemas, ${first} and ${second}`,
    fix: 'Give the schema to one of them.',
  })
}

function refuseDoubles(names: readonly string[], what: string): void {
  const double = names.find((name, index) => names.indexOf(name) !== index)
  if (double === undefined) return
  throw new HoldfastError('HF_CONFIG_INVALID', { detail: `two ${what} are called '${double}'` })
}
