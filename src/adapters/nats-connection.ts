/**
 * The connection to NATS, and what its failures mean.
 *
 * Invariants:
 *   N1. A connection that breaks is made again, for ever, at whatever server of the cluster answers.
 *   N2. Nothing that a message says holds a password: servers are named by host and port.
 */
import { JetStreamApiCodes, JetStreamApiError } from '@nats-io/jetstream'
import {
  connect,
  errors,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node'
import { HoldfastError } from '#errors'

/** Whom to connect to, and as whom. */
export interface NatsAddress {
  readonly servers: readonly string[]
  /** Shown by the server. */
  readonly name: string
  readonly connection: NodeConnectionOptions
}

/** The oldest server that knows all that is used here: delayed redelivery, durable pull consumers. */
const VERSION_MIN = [2, 9] as const

/** A request to JetStream that takes longer has got lost: its server stands still, or elects a leader. */
export const REQUEST_MS_MAX = 5_000

/** A server that answers no ping for this long is left for another one, in ms, twice in a row. */
const PING_MS = 2_000

/**
 * A connection to one of the servers.
 *
 * @throws HF_BROKER_UNAVAILABLE, HF_BROKER_UNFIT (effect none)
 */
export async function connectNats({
  servers,
  name,
  connection,
}: NatsAddress): Promise<NatsConnection> {
  const urls = servers.map((each) => new URL(each))
  const [first] = urls
  const found = await connect({
    servers: urls.map(hostOf),
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    pingInterval: PING_MS,
    maxPingOut: 2,
    timeout: REQUEST_MS_MAX,
    ...(first === undefined ? {} : identityOf(first)),
    ...connection,
  }).catch((cause: unknown) => {
    throw new HoldfastError('HF_BROKER_UNAVAILABLE', {
      detail: `no NATS server at ${urls.map(hostOf).join(', ')} let us in: ${wordsOf(cause)}`,
      effect: 'none',
      cause,
    })
  })
  const version = found.info?.version ?? 'unknown'
  if (isOld(version)) {
    await found.close()
    throw new HoldfastError('HF_BROKER_UNFIT', {
      detail: `the NATS server has version ${version}, at least ${VERSION_MIN.join('.')} is needed`,
    })
  }
  return found
}

function hostOf({ hostname, port }: URL): string {
  return `${hostname}:${port === '' ? '4222' : port}`
}

function identityOf({ username, password, protocol }: URL): NodeConnectionOptions {
  const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)]
  return {
    ...(protocol === 'tls:' ? { tls: {} } : {}),
    ...(user === '' ? {} : pass === '' ? { token: user } : { user, pass }),
  }
}

/** True if the server is older than `VERSION_MIN`. */
export function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [majorMin, minorMin] = VERSION_MIN
  return !(major > majorMin || (major === majorMin && minor >= minorMin))
}

/** What JetStream says when a stream has reached its bound. */
const FULL = /^maximum (?:messages|bytes) exceeded$/

/** True if JetStream refused for want of room. */
export function isFull(error: unknown): error is JetStreamApiError {
  return error instanceof JetStreamApiError && FULL.test(error.message)
}

/**
 * What cannot become better by waiting, by JetStream's own numbers: too few servers for the replicas,
 * no room on the disk, not for this account, another stream has these subjects.
 */
const UNFIT: ReadonlySet<number> = new Set([10_074, 10_047, 10_039, 10_076, 10_065, 10_023])

/** True if JetStream will say the same at the next try. */
export function isUnfit(error: unknown): error is JetStreamApiError {
  return error instanceof JetStreamApiError && UNFIT.has(error.code)
}

/** True if nobody in the cluster speaks JetStream. */
export function isWithoutJetStream(error: unknown, { info }: NatsConnection): boolean {
  const isUnanswered = error instanceof Error && error.name === 'JetStreamNotEnabled'
  return info?.jetstream !== true && (isUnanswered || error instanceof errors.NoRespondersError)
}

/** True if a stream or a consumer that was made may be gone: nobody answers for it. */
export function isLost(error: unknown): boolean {
  const { StreamNotFound, ConsumerNotFound } = JetStreamApiCodes
  if (error instanceof JetStreamApiError)
    return error.code === StreamNotFound || error.code === ConsumerNotFound
  return error instanceof Error && error.name === 'JetStreamNotEnabled'
}

/** An error of the client in a few words. */
export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message.slice(0, 200) : typeof error
}
