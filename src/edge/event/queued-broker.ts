/**
 * The broker over queues: puts messages where their consumer will take them.
 *
 * Intuition: a letter box of the post. Once it has the letter the sender may go home, if he trusts the
 * post; otherwise he waits, until the receiver himself has confirmed. Only then does he throw away his
 * copy, and the post may lose what it likes.
 *
 * A broker may swallow a second parcel with the same id. That saves work where the broker's word
 * counts. End to end it would do harm: a broker that lost a message may still remember its id, and
 * swallow the very copy that replaces it. So there each try has an id of its own.
 *
 * Invariants:
 *   E1. End to end: it resolves only on the consumer's own word that the effect is committed.
 *   E2. Where the broker's word counts, one set of messages has one parcel id, on every try.
 *   E3. What a service sends to itself never leaves the process: its own inbox is at hand.
 */
import { createHash } from 'node:crypto'
import { assert, HoldfastError } from '#errors'
import type { BrokerPromises, EventEdge } from '#model'
import { uuid, type WireHandler, type WireResponse, withDeadline } from '#world'
import type { Site } from '../site.ts'
import type { Broker, Intake } from './broker.ts'
import { readConfirmation } from './confirmation.ts'
import { CLOUD_EVENT, CLOUD_EVENTS, writeEnvelope, writeEnvelopes } from './envelope.ts'
import { Unloading } from './intake.ts'
import type { Message } from './message.ts'
import { isAcknowledged, OwnInbox } from './own-inbox.ts'
import { partitionOf } from './partition.ts'
import { failureOf } from './push.ts'
import type { Partition } from './queue.ts'
import type { Parcel, Queues } from './queues.ts'

/** The broker of a service over these queues. */
export function queuedBroker(site: Site, queues: Queues): Broker {
  return new QueuedBroker(site, queues)
}

class QueuedBroker implements Broker {
  readonly promises: BrokerPromises
  readonly intake: Intake
  readonly #site: Site
  readonly #queues: Queues
  readonly #inbox = new OwnInbox()
  /** Deliveries that wait for their consumer's word, by ticket: at most those that the relay has in the air. */
  readonly #waiting = new Map<string, (answer: WireResponse) => void>()
  #address = ''

  constructor(site: Site, queues: Queues) {
    this.#site = site
    this.#queues = queues
    this.promises = queues.promises
    const unloading = new Unloading(site, queues, this.#inbox)
    this.intake = {
      start: async (inbox) => this.#start(inbox, unloading),
      stop: async () => unloading.stop(),
      close: async () => queues.close(),
    }
  }

  async deliver(target: string, message: Message, timeoutMs: number): Promise<void> {
    await this.#carry(target, [message], timeoutMs)
  }

  async deliverAll(target: string, messages: readonly Message[], timeoutMs: number): Promise<void> {
    if (messages.length > 0) await this.#carry(target, messages, timeoutMs)
  }

  async #start(inbox: WireHandler, unloading: Unloading): Promise<void> {
    const { service, system } = this.#site
    this.#inbox.open(inbox)
    await this.#queues.open(
      system.eventEdges.filter(
        ({ source, target }) =>
          source !== target && (source === service.name || target === service.name),
      ),
    )
    this.#address = this.#queues.listen((ticket, body) => {
      const answer = readConfirmation(body)
      if (answer !== undefined) this.#waiting.get(ticket)?.(answer)
    })
    unloading.start()
  }

  /** Carries the messages of each partition as one. */
  async #carry(target: string, messages: readonly Message[], timeoutMs: number): Promise<void> {
    const { name: source } = this.#site.service
    const groups = target === source ? [messages] : Map.groupBy(messages, partitionOf).values()
    const carried = [...groups].map(async (group) => this.#carryOne(target, group, timeoutMs))
    const failed = (await Promise.allSettled(carried)).find(({ status }) => status === 'rejected')
    if (failed?.status === 'rejected') throw failed.reason
  }

  async #carryOne(target: string, messages: readonly Message[], timeoutMs: number): Promise<void> {
    const [first] = messages
    assert(first !== undefined, 'a parcel holds at least one message')
    const { name: source } = this.#site.service
    const parcel = parcelOf(messages, source)
    if (target === source) {
      const answer = await this.#inbox.offer({ ...parcel, source, timeoutMs })
      return acknowledged(first, target, answer)
    }
    const queue = { edge: first.edge, part: partitionOf(first) }
    if (this.#edge(first).acknowledged === 'broker')
      return this.#queues.put(queue, parcel, timeoutMs)
    acknowledged(first, target, await this.#confirmed(queue, parcel, { first, target, timeoutMs }))
  }

  /** What the consumer answered. */
  async #confirmed(
    queue: Partition,
    parcel: Parcel,
    { first, target, timeoutMs }: { first: Message; target: string; timeoutMs: number },
  ): Promise<WireResponse> {
    const { random, clock, timers } = this.#site.world
    const ticket = uuid(random, clock.wallMs())
    const { promise, resolve, reject } = Promise.withResolvers<WireResponse>()
    const timed = withDeadline(timers, timeoutMs, () =>
      unconfirmed(first, `${this.promises.name} took ${first.event}, and ${target}`, timeoutMs),
    )
    timed.signal.addEventListener('abort', () => reject(timed.signal.reason), { once: true })
    this.#waiting.set(ticket, resolve)
    try {
      const answerTo = `${this.#address}.${ticket}`
      const put = this.#queues.put(queue, { ...parcel, id: ticket, answerTo }, timeoutMs)
      const [answer] = await Promise.all([promise, put])
      return answer
    } finally {
      this.#waiting.delete(ticket)
      timed.release()
    }
  }

  #edge({ edge }: Message): EventEdge {
    const found = this.#site.system.eventEdges.find(({ name }) => name === edge)
    assert(found !== undefined, `the system has the edge ${edge}`)
    return found
  }
}

function parcelOf(messages: readonly Message[], source: string): Parcel {
  const [first] = messages
  assert(first !== undefined, 'a parcel holds at least one message')
  if (messages.length === 1)
    return { id: first.id, type: CLOUD_EVENT, body: writeEnvelope(first, source) }
  const ids = messages.map(({ id }) => id).join(' ')
  return {
    id: createHash('sha256').update(ids).digest('hex'),
    type: CLOUD_EVENTS,
    body: writeEnvelopes(messages, source),
  }
}

function acknowledged(message: Message, target: string, answer: WireResponse): void {
  if (!isAcknowledged(answer)) throw failureOf(message, target, answer)
}

function unconfirmed({ edge }: Message, who: string, limitMs: number): HoldfastError {
  return new HoldfastError('HF_EVENT_UNCONFIRMED', {
    edge,
    detail: `${who} confirmed nothing within ${limitMs} ms`,
  })
}
