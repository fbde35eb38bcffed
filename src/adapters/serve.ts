/**
 * A whole system on Node: the environment's configuration, HTTP, and the databases that it names.
 */
import type { BrokerOf } from '#edge'
import { HoldfastError } from '#errors'
import { type Config, readConfig, runSystem, type RunningSystem } from '#host'
import type { System } from '#model'
import type { Observe } from '#observe'
import { httpNetwork } from './http.ts'
import { directories } from './directories.ts'
import { connectService, nodeWorld } from './node.ts'

/** What may be said about a run. */
export interface ServeOptions {
  /** Variables, as in the table of `src/host/config.ts`. @defaultValue `process.env` */
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Receives every fact as it happens. @defaultValue nobody listens */
  readonly observe?: Observe
  /**
   * What carries the events, such as `nats(…)` of `holdfast/nats`.
   *
   * @defaultValue NATS where `HOLDFAST_NATS_URL` is set; else HTTP, without a broker
   */
  readonly broker?: BrokerOf
}

/**
 * Runs all services of a system until `drain` is called. Signals are left to the program.
 *
 * @throws HF_CONFIG_INVALID, HF_PORT_IN_USE, HF_DB_*, HF_MIGRATION_*, HF_BROKER_* (effect none).
 * @example
 * const shop = await serve(system('shop', { services: [orders] }))
 * process.once('SIGTERM', () => shop.drain())
 */
export async function serve(system: System, options: ServeOptions = {}): Promise<RunningSystem> {
  const { environment = process.env, observe = () => undefined } = options
  const config = readConfig(environment, system)
  const network = httpNetwork()
  const world = nodeWorld(network)
  const known = directories(config, world)
  try {
    const running = await runSystem({
      system,
      world,
      config,
      connect: async (service) => connectService(config, service),
      observe,
      broker: options.broker ?? (await brokerIn(config)),
      ...known,
    })
    const drain = async (): Promise<void> => {
      await running.drain()
      await known.close()
      await network.close()
    }
    return { ...running, drain }
  } catch (error) {
    await known.close()
    await network.close()
    throw error
  }
}

/** The broker that the configuration names. Its client is loaded only then: it need not be installed. */
async function brokerIn({ nats: named }: Config): Promise<BrokerOf | undefined> {
  if (named === undefined) return undefined
  const { nats } = await import('./nats.ts').catch((cause: unknown) => {
    throw new HoldfastError('HF_CONFIG_INVALID', {
      detail: 'HOLDFAST_NATS_URL is set, and the client of NATS is not installed',
      fix: 'npm install @nats-io/transport-node @nats-io/jetstream',
      cause,
    })
  })
  return nats(named)
}
