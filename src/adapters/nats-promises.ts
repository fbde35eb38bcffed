/**
 * What NATS JetStream promises as Holdfast uses it. A file of its own: the map draws it without the
 * client being installed.
 *
 * Source: the server's defaults (`sync_interval` two minutes, `duplicate_window` as set here), and
 * Jepsen's report on NATS 2.12.1, which lost acknowledged messages when servers lost their power.
 */
import type { BrokerPromises } from '#model'

/** How long the server recognizes a parcel id, in ms: longer than any try of the relay takes. */
export const DEDUPE_MS = 120_000

/** The largest message if the server says nothing else, in bytes: its own default. */
export const MESSAGE_BYTES_DEFAULT = 1_048_576

/** The promise table for streams with so many replicas. */
export function natsPromises(replicas: number): BrokerPromises {
  const majority = Math.floor(replicas / 2) + 1
  return {
    name: `NATS JetStream R${replicas}`,
    acknowledged: 'broker',
    durability:
      replicas === 1
        ? 'its one server loses its power or its disk'
        : `${majority} of its ${replicas} servers lose their power or their disks at once`,
    order: 'per key',
    dedupeMs: DEDUPE_MS,
    messageBytesMax: MESSAGE_BYTES_DEFAULT,
    notPromised: [
      'That what it acknowledged is on disk: a server syncs every two minutes, unless `sync_interval: always` is set.',
      `That it recognizes what was sent twice after ${DEDUPE_MS / 1_000} s: the inbox does.`,
      'That an event it lost comes again, unless its edge is acknowledged end to end.',
    ],
  }
}
