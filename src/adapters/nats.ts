/**
 * `holdfast/nats`: NATS JetStream as the broker of a system's events.
 *
 * @see docs/nats.md for what it promises and what it does not.
 */
import type { NodeConnectionOptions } from '@nats-io/transport-node'
import { type BrokerOf, queuedBroker } from '#edge'
import { HoldfastError } from '#errors'
import { NatsQueues } from './nats-queues.ts'

/** Where NATS is, and what is kept there. */
export interface NatsOptions {
  /** `nats://host:4222`, or several of one cluster. May hold `user:password@` or `token@`. */
  readonly servers: string | readonly string[]
  /** Servers that keep each message: 1, 3 or 5. @defaultValue 3 if three servers are named, else 1 */
  readonly replicas?: number
  /** Messages of one edge that NATS keeps; beyond them events wait in the outbox. @defaultValue 1,000,000 */
  readonly messagesMax?: number
  /** Bytes of one edge that NATS keeps; reserved on each replica's disk. @defaultValue 256 MiB */
  readonly bytesMax?: number
  /** Begins the names of streams. @defaultValue `holdfast-` and the name of the system */
  readonly prefix?: string
  /** Whatever else the client should know: credentials, TLS. */
  readonly connection?: NodeConnectionOptions
}

const MESSAGES_MAX_DEFAULT = 1_000_000
const BYTES_MAX_DEFAULT = 268_435_456

/**
 * Events travel over NATS. The services stay as they are.
 *
 * @throws HF_CONFIG_INVALID (effect none) if there can be no majority of so many replicas.
 * @example
 * await serve(shop, { broker: nats({ servers: 'nats://127.0.0.1:4222' }) })
 */
export function nats(options: NatsOptions): BrokerOf {
  const servers = typeof options.servers === 'string' ? [options.servers] : options.servers
  const { replicas = servers.length >= 3 ? 3 : 1, connection = {} } = options
  if (![1, 3, 5].includes(replicas)) {
    throw new HoldfastError('HF_CONFIG_INVALID', {
      detail: `${replicas} replicas; there can be 1, 3 or 5`,
    })
  }
  return (site) => {
    const layout = {
      prefix: options.prefix ?? `holdfast-${site.system.name.replaceAll(/[^\w-]/g, '_')}`,
      replicas,
      messagesMax: options.messagesMax ?? MESSAGES_MAX_DEFAULT,
      bytesMax: options.bytesMax ?? BYTES_MAX_DEFAULT,
    }
    const name = `holdfast ${site.service.name}`
    return queuedBroker(site, new NatsQueues(site.world, layout, { servers, name, connection }))
  }
}
