/**
 * The real world on Node: its clocks, its network, and the databases that a configuration names.
 */
import { join } from 'node:path'
import type { Config } from '#host'
import { type Outbox, outboxOf } from '#edge'
import type { Contract, Service, System } from '#model'
import type { Connections } from '#state'
import { type Network, nodeClock, nodeRandom, nodeWheel, type World } from '#world'
import { connectPglite } from './pglite.ts'
import { connectPostgres, ensureDatabase } from './postgres.ts'

/** Node's world with the given network. */
export function nodeWorld(network: Network): World {
  return { clock: nodeClock, timers: nodeWheel(), random: nodeRandom, network }
}

/**
 * Opens the database of a service: the one that was named for it, its own on the named server, or an
 * embedded one in the directory.
 *
 * @throws HF_DB_UNREACHABLE, HF_DB_IN_USE (effect none).
 */
export async function connectService(config: Config, service: Service): Promise<Connections> {
  const { databaseUrls, databaseUrl, sessionsMax, directory } = config
  const own = databaseUrls.get(service.name)
  if (own !== undefined) return connectPostgres({ url: own, sessionsMax })
  if (databaseUrl === undefined) {
    return connectPglite({ directory: join(directory, 'db', service.name) })
  }
  const base = decodeURIComponent(new URL(databaseUrl).pathname.slice(1)) || 'holdfast'
  const url = await ensureDatabase(databaseUrl, `${base}_${service.name.toLowerCase()}`)
  return connectPostgres({ url, sessionsMax })
}

/**
 * The outbox of the service that keeps `contract`, for transactions that you open yourself: what is
 * emitted commits or vanishes with them, and the service's host carries it.
 *
 * @throws HF_DECLARATION_INVALID if the service is not in the system.
 * @example
 * await outbox(orders, shop).placed(fromPg(client), order)
 */
export function outbox<C extends Contract>(contract: C, system: System): Outbox<C> {
  return outboxOf(contract, { system, world: { clock: nodeClock, random: nodeRandom } })
}
