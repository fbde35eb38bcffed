/**
 * How edges are laid out in JetStream: one stream for each edge, one subject and one consumer for each
 * of its partitions.
 *
 * Intuition: a stream of its own gives each edge its own bound, so that one consumer who is away cannot
 * fill the room of the others. One consumer for each partition with one unacknowledged message keeps
 * the order of each key, through redeliveries, too; partitions go side by side.
 *
 * Invariants:
 *   L1. `max_ack_pending` is 1: nothing of a partition is handed out while its last message is open.
 *   L2. What exists is verified and never changed: how much an operator gave it is his to decide, how
 *       safe it is was declared.
 */
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from '@nats-io/jetstream'
import { nanos } from '@nats-io/transport-node'
import { PARTITIONS } from '#edge'
import { HoldfastError } from '#errors'
import type { EventEdge } from '#model'
import { DEDUPE_MS } from './nats-promises.ts'

/** How long a message is open before another process gets it, in ms: three times the sign of life. */
const ACK_WAIT_MS = 15_000

/** What the streams of a system look like. */
export interface Layout {
  /** Begins every name. */
  readonly prefix: string
  readonly replicas: number
  readonly messagesMax: number
  readonly bytesMax: number
}

/** The names of one partition in NATS. */
export interface Place {
  readonly stream: string
  readonly subject: string
  readonly consumer: string
}

/** Where a partition stands. */
export function placeOf(
  { prefix }: Layout,
  { edge, part }: { readonly edge: string; readonly part: number },
): Place {
  const stream = `${prefix}-${edge.replace('>', '-')}`
  return { stream, subject: `${stream}.${part}`, consumer: `part-${part}` }
}

/** Makes the stream of the edge with its consumers, or verifies those that exist. @throws HF_BROKER_UNFIT */
export async function layOut(
  manager: JetStreamManager,
  layout: Layout,
  { name: edge }: EventEdge,
): Promise<void> {
  const wanted = streamOf(layout, edge)
  const { config: stream } = await manager.streams.add(wanted).catch(async (error: unknown) => {
    // Somebody made it before, perhaps with other bounds. If not, this fails and says why.
    const found = await manager.streams.info(wanted.name).catch(() => undefined)
    if (found === undefined) throw error
    return found
  })
  verify(`the stream ${wanted.name}`, stream, wanted, STREAM_PROMISES)
  for (let part = 0; part < PARTITIONS; part += 1) {
    const consumer = consumerOf(layout, edge, part)
    // oxlint-disable-next-line no-await-in-loop -- a server that elects leaders has enough to do.
    const { config } = await manager.consumers.add(wanted.name, consumer).catch(async (error) => {
      const name = consumer.durable_name
      const found = await manager.consumers.info(wanted.name, name).catch(() => undefined)
      if (found === undefined) throw error
      return found
    })
    const where = `the consumer ${consumer.durable_name} of ${wanted.name}`
    verify(where, config, consumer, CONSUMER_PROMISES)
  }
}

function streamOf(layout: Layout, edge: string): Partial<StreamConfig> & { readonly name: string } {
  const { stream } = placeOf(layout, { edge, part: 0 })
  return {
    name: stream,
    subjects: [`${stream}.*`],
    retention: RetentionPolicy.Workqueue,
    storage: StorageType.File,
    num_replicas: layout.replicas,
    discard: DiscardPolicy.New,
    max_msgs: layout.messagesMax,
    max_bytes: layout.bytesMax,
    duplicate_window: nanos(DEDUPE_MS),
  }
}

function consumerOf(
  layout: Layout,
  edge: string,
  part: number,
): Partial<ConsumerConfig> & { readonly durable_name: string } {
  const { subject, consumer } = placeOf(layout, { edge, part })
  return {
    durable_name: consumer,
    filter_subject: subject,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(ACK_WAIT_MS),
    max_ack_pending: 1,
    max_deliver: -1,
  }
}

/** What must be as it was declared; the bounds of a stream may be an operator's. */
const STREAM_PROMISES = ['retention', 'storage', 'num_replicas', 'discard'] as const
const CONSUMER_PROMISES = [
  'filter_subject',
  'ack_policy',
  'max_ack_pending',
  'max_deliver',
] as const

function verify<Config extends object>(
  what: string,
  found: Partial<Config>,
  wanted: Partial<Config>,
  names: readonly (keyof Config)[],
): void {
  const faults = names
    .filter((name) => found[name] !== wanted[name])
    .map((name) => `${String(name)} ${String(found[name])} instead of ${String(wanted[name])}`)
  if (faults.length === 0) return
  throw new HoldfastError('HF_BROKER_UNFIT', {
    detail: `${what} has ${faults.join(', ')}`,
    fix: 'Change it with `nats stream edit`, or remove it while it is empty: it is made anew at the next start.',
  })
}
