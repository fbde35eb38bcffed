/**
 * Queues in NATS JetStream.
 *
 * Invariants:
 *   S1. `put` resolves on JetStream's own acknowledgement, which a replicated stream gives once a
 *       majority of its servers has the message.
 *   S2. `done` resolves once JetStream has acknowledged the acknowledgement: one that is lost would
 *       only be noticed when the message comes again.
 *   S3. While the connection is broken nothing is sent: what a client keeps back and sends later would
 *       overtake what the relay has decided meanwhile.
 */
import {
  type Consumer,
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JsMsg,
} from '@nats-io/jetstream'
import { createInbox, headers, type NatsConnection } from '@nats-io/transport-node'
import { Deadline } from '#clock'
import type { Parcel, Partition, Queues, Taken } from '#edge'
import { assert, HoldfastError, isHoldfastError } from '#errors'
import type { BrokerPromises, EventEdge } from '#model'
import { sleep, type World } from '#world'
import {
  connectNats,
  isFull,
  isLost,
  isUnfit,
  isWithoutJetStream,
  type NatsAddress,
  REQUEST_MS_MAX,
  wordsOf,
} from './nats-connection.ts'
import { layOut, type Layout, placeOf } from './nats-layout.ts'
import { natsPromises } from './nats-promises.ts'

/** A cluster that starts elects its leaders meanwhile; beyond this, something is wrong, in ms. */
const OPEN_MS_MAX = 30_000

const TYPE = 'Content-Type'
const ANSWER_TO = 'Holdfast-Answer-To'

/** What exists once it is connected. */
interface Connected {
  readonly connection: NatsConnection
  readonly stream: JetStreamClient
}

/** The queues of one service's edges. */
export class NatsQueues implements Queues {
  readonly promises: BrokerPromises
  readonly #world: World
  readonly #layout: Layout
  readonly #address: NatsAddress
  readonly #edges = new Map<string, EventEdge>()
  readonly #consumers = new Map<string, Consumer>()
  /** Edges whose stream or consumers may be gone. */
  readonly #lost = new Set<string>()
  #connected: Connected | undefined
  #isUp = false

  constructor(world: World, layout: Layout, address: NatsAddress) {
    this.#world = world
    this.#layout = layout
    this.#address = address
    this.promises = natsPromises(layout.replicas)
  }

  async open(edges: readonly EventEdge[]): Promise<void> {
    const connection = await connectNats(this.#address)
    this.#connected = { connection, stream: jetstream(connection, { timeout: REQUEST_MS_MAX }) }
    this.#isUp = true
    void this.#watch(connection)
    for (const edge of edges) {
      this.#edges.set(edge.name, edge)
      // oxlint-disable-next-line no-await-in-loop -- the first edge that cannot be laid out is named.
      await this.#layOut(edge)
    }
  }

  async put(queue: Partition, parcel: Parcel, timeoutMs: number): Promise<void> {
    const { connection, stream } = await this.#use(queue)
    this.#refuseOversized(queue, parcel, connection)
    const { subject } = placeOf(this.#layout, queue)
    const said = headers()
    said.set(TYPE, parcel.type)
    if (parcel.answerTo !== undefined) said.set(ANSWER_TO, parcel.answerTo)
    const timeout = Math.min(timeoutMs, REQUEST_MS_MAX)
    try {
      await stream.publish(subject, parcel.body, { msgID: parcel.id, headers: said, timeout })
    } catch (error) {
      throw this.#failureOf(queue, error, timeout)
    }
  }

  async take(queue: Partition, waitMs: number, signal: AbortSignal): Promise<Taken | undefined> {
    const consumer = await this.#consumer(queue)
    const arrivals = await consumer.fetch({ max_messages: 1, expires: waitMs })
    const stop = (): void => arrivals.stop()
    signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const message of arrivals) return takenOf(message)
      return undefined
    } catch (error) {
      throw this.#failureOf(queue, error, waitMs)
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  listen(hear: (ticket: string, body: Uint8Array) => void): string {
    assert(this.#connected !== undefined, 'queues are opened before they are used')
    const address = createInbox()
    this.#connected.connection.subscribe(`${address}.*`, {
      callback: (error, { subject, data }) => {
        if (error === null) hear(subject.slice(address.length + 1), data)
      },
    })
    return address
  }

  answer(answerTo: string, body: Uint8Array): void {
    this.#connected?.connection.publish(answerTo, body)
  }

  async close(): Promise<void> {
    await this.#connected?.connection.close()
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect' || type === 'staleConnection') this.#isUp = false
      if (type === 'reconnect') this.#isUp = true
    }
  }

  /**
   * The connection; a stream that the broker has lost is made anew before.
   *
   * @throws HF_BROKER_UNAVAILABLE (effect none) while there is no connection
   */
  async #use(queue: Partition): Promise<Connected> {
    const { edge } = queue
    assert(this.#connected !== undefined, 'queues are opened before they are used')
    const { connection } = this.#connected
    if (this.#isUp && !connection.isClosed()) {
      if (this.#lost.has(edge)) await this.#restore(queue, connection)
      return this.#connected
    }
    throw new HoldfastError('HF_BROKER_UNAVAILABLE', {
      edge,
      detail: `the connection to ${this.promises.name} is broken and is made again`,
      effect: 'none',
    })
  }

  async #consumer(queue: Partition): Promise<Consumer> {
    const { stream: name, consumer } = placeOf(this.#layout, queue)
    const known = this.#consumers.get(`${name} ${consumer}`)
    if (known !== undefined) return known
    const { stream } = await this.#use(queue)
    try {
      const found = await stream.consumers.get(name, consumer)
      this.#consumers.set(`${name} ${consumer}`, found)
      return found
    } catch (error) {
      throw this.#failureOf(queue, error, REQUEST_MS_MAX)
    }
  }

  async #restore(queue: Partition, connection: NatsConnection): Promise<void> {
    const edge = this.#edges.get(queue.edge)
    try {
      const manager = await jetstreamManager(connection, { timeout: REQUEST_MS_MAX })
      if (edge !== undefined) await layOut(manager, this.#layout, edge)
      this.#lost.delete(queue.edge)
    } catch (error) {
      throw this.#failureOf(queue, error, REQUEST_MS_MAX)
    }
  }

  /** Makes or verifies the stream of an edge; while the cluster is not ready, again and again. */
  async #layOut(edge: EventEdge): Promise<void> {
    const { clock, timers } = this.#world
    assert(this.#connected !== undefined, 'queues are opened before they are used')
    const { connection } = this.#connected
    const limit = Deadline.in(clock, OPEN_MS_MAX)
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- tried again until it is done, or hopeless.
        const manager = await jetstreamManager(connection, { timeout: REQUEST_MS_MAX })
        // oxlint-disable-next-line no-await-in-loop -- as above.
        return await layOut(manager, this.#layout, edge)
      } catch (error) {
        const isHopeless = isUnfit(error) || isWithoutJetStream(error, connection)
        if (isHoldfastError(error)) throw error
        if (isHopeless || limit.hasPassed()) throw this.#unfit(edge, error, isHopeless)
        // oxlint-disable-next-line no-await-in-loop -- a cluster that elects leaders needs a moment.
        await sleep(timers, 500)
      }
    }
  }

  #unfit({ name: edge }: EventEdge, cause: unknown, isHopeless: boolean): HoldfastError {
    const { stream } = placeOf(this.#layout, { edge, part: 0 })
    return new HoldfastError(isHopeless ? 'HF_BROKER_UNFIT' : 'HF_BROKER_UNAVAILABLE', {
      edge,
      detail: `the stream ${stream} with ${this.#layout.replicas} replicas cannot be made: ${wordsOf(cause)}`,
      effect: 'none',
      cause,
    })
  }

  #refuseOversized({ edge }: Partition, { body }: Parcel, { info }: NatsConnection): void {
    const limit = Math.min(info?.max_payload ?? Infinity, this.promises.messageBytesMax)
    if (body.length <= limit - HEADER_BYTES) return
    throw new HoldfastError('HF_BODY_TOO_LARGE', {
      edge,
      detail: `${body.length} bytes, ${this.promises.name} takes ${limit - HEADER_BYTES}`,
      fix: 'Put the data into a store, and a reference to it into the event.',
    })
  }

  #failureOf(queue: Partition, error: unknown, waitedMs: number): HoldfastError {
    const { edge } = queue
    const { stream, consumer } = placeOf(this.#layout, queue)
    this.#consumers.delete(`${stream} ${consumer}`)
    if (isLost(error)) this.#lost.add(edge)
    const { messagesMax, bytesMax } = this.#layout
    if (isFull(error)) {
      return new HoldfastError('HF_BROKER_FULL', {
        edge,
        detail: `${error.message} (limit ${messagesMax} messages, ${bytesMax} bytes)`,
        cause: error,
      })
    }
    return new HoldfastError('HF_BROKER_UNAVAILABLE', {
      edge,
      detail: `${this.promises.name} said nothing useful within ${waitedMs} ms: ${wordsOf(error)}`,
      cause: error,
    })
  }
}

/** What the headers of a message take at most, in bytes. */
const HEADER_BYTES = 1_024

function takenOf(message: JsMsg): Taken {
  const answerTo = message.headers?.get(ANSWER_TO) ?? ''
  return {
    type: message.headers?.get(TYPE) ?? '',
    body: message.data,
    ...(answerTo === '' ? {} : { answerTo }),
    returns: message.info.deliveryCount - 1,
    keep: () => message.working(),
    done: async () => {
      await message.ackAck({ timeout: REQUEST_MS_MAX })
    },
    again: (delayMs) => message.nak(Math.ceil(delayMs)),
  }
}
