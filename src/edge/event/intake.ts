/**
 * The intake: takes parcels from the service's queues and brings each to its end.
 *
 * Intuition: a parcel that cannot be used must not lie before the door, where it blocks all that
 * follow. Who waits for an answer gets it, good or bad, and decides himself. Where nobody waits, what
 * fails is parked in the service's own outbox: there the relay tries it again, by the same rules and
 * with the same dead letters as at an emitter, and only its key stands still.
 *
 * Invariants:
 *   I1. A parcel is done only after each of its messages is committed, parked, or answered for.
 *   I2. Per key in order: what follows a parked message of its key is parked behind it.
 *   I3. What says nothing about the message (the database or a neighbour is down, the service drains)
 *       parks nothing: the parcel goes back, and its queue waits, longer each time.
 *   I4. No error ends it, and one queue cannot hold up another.
 */
import { isHoldfastError, type HoldfastError } from '#errors'
import { sleep } from '#world'
import type { Site } from '../site.ts'
import { writeConfirmation } from './confirmation.ts'
import {
  CLOUD_EVENT,
  CLOUD_EVENTS,
  type Envelope,
  readEnvelope,
  readEnvelopes,
  writeEnvelope,
  writeEnvelopes,
} from './envelope.ts'
import { isAcknowledged, type OwnInbox } from './own-inbox.ts'
import { Parking } from './parking.ts'
import { PARTITIONS } from './partition.ts'
import { failureOf } from './push.ts'
import type { Partition } from './queue.ts'
import type { Queues, Taken } from './queues.ts'
import { backoffMs, delayMs, isUnwell } from './retry.ts'

/** The longest wait for the next parcel, in ms: so long a request that got lost goes unnoticed. */
const TAKE_MS_MAX = 5_000

/** The longest that one delivery may take, in ms: as long as over HTTP. */
const OFFER_MS_MAX = 10_000

/** Between two signs of life while a parcel is worked on, in ms. */
const KEEP_MS = 5_000

/** Takes what others sent to one service. */
export class Unloading {
  readonly #site: Site
  readonly #queues: Queues
  readonly #inbox: OwnInbox
  readonly #end = new AbortController()
  #loops: readonly Promise<void>[] = []

  constructor(site: Site, queues: Queues, inbox: OwnInbox) {
    this.#site = site
    this.#queues = queues
    this.#inbox = inbox
  }

  /** Begins. Once. */
  start(): void {
    const { service, system } = this.#site
    const edges = system.eventEdges.filter(
      ({ source, target }) => target === service.name && source !== target,
    )
    this.#loops = edges.flatMap(({ name, skips, source }) =>
      Array.from({ length: PARTITIONS }, async (_, part) => {
        const queue = { edge: name, part }
        const skipped = skips.map((each) => `${source}.${each}`)
        await this.#serve(queue, new Parking(this.#site, queue, skipped))
      }),
    )
  }

  /** Ends after the parcels that are worked on. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#loops)
  }

  async #serve(queue: Partition, parking: Parking): Promise<void> {
    const { timers, random } = this.#site.world
    const { signal } = this.#end
    let failures = 0
    while (!signal.aborted) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- one parcel of a queue at a time, in their order.
        const taken = await this.#queues.take(queue, TAKE_MS_MAX, signal)
        // oxlint-disable-next-line no-await-in-loop -- as above.
        if (taken !== undefined) await this.#finish(queue, taken, parking)
        failures = 0
      } catch (error) {
        this.#fail(error)
        // oxlint-disable-next-line no-await-in-loop -- a sick broker has enough of requests.
        await sleep(timers, backoffMs(failures, random), signal).catch(() => {})
        failures += 1
      }
    }
  }

  async #finish(queue: Partition, taken: Taken, parking: Parking): Promise<void> {
    const rest = this.#keeping(taken)
    try {
      const obstacle =
        taken.answerTo === undefined
          ? await this.#digest(queue, taken, parking)
          : await this.#answer(queue, taken, taken.answerTo)
      if (obstacle === undefined) return await taken.done()
      this.#fail(obstacle)
      taken.again(delayMs(obstacle, taken.returns, this.#site.world.random))
    } catch (error) {
      // The database could not even be asked: whatever it is, it is not the message.
      taken.again(delayMs(error, taken.returns, this.#site.world.random))
      throw error
    } finally {
      rest()
    }
  }

  /** Tells whoever waits what became of it, and leaves everything else to him. */
  async #answer({ edge }: Partition, { type, body }: Taken, answerTo: string): Promise<undefined> {
    const source = sourceOf(edge)
    const answer = await this.#inbox.offer({ type, body, source, timeoutMs: OFFER_MS_MAX })
    this.#queues.answer(answerTo, writeConfirmation(answer))
  }

  /** Commits or parks every message; otherwise gives the reason for which none can be now. */
  async #digest(
    queue: Partition,
    taken: Taken,
    parking: Parking,
  ): Promise<HoldfastError | undefined> {
    const envelopes = this.#read(taken)
    const blocked = new Set(await parking.blockedAmong(envelopes.map(({ key }) => key)))
    const free = envelopes.filter(({ key }) => !blocked.has(key))
    let left = envelopes
    if (free.length > 1) {
      const failure = await this.#offer(queue, free)
      if (failure !== undefined && saysNothing(failure)) return failure
      // Otherwise one by one, which finds the one that failed them all.
      if (failure === undefined) left = envelopes.filter(({ key }) => blocked.has(key))
    }
    for (const each of left) {
      const isBlocked = blocked.has(each.key)
      // oxlint-disable-next-line no-await-in-loop -- what stands behind may build upon what stands before.
      const failure = isBlocked ? undefined : await this.#offer(queue, [each])
      if (failure === undefined && !isBlocked) continue
      if (failure !== undefined && saysNothing(failure)) return failure
      // oxlint-disable-next-line no-await-in-loop -- as above: they are parked in their order.
      await parking.park(each, failure)
      if (each.key !== '') blocked.add(each.key)
    }
    return undefined
  }

  /** The failure, if they were not committed. */
  async #offer(
    { edge }: Partition,
    envelopes: readonly Envelope[],
  ): Promise<HoldfastError | undefined> {
    const { name } = this.#site.service
    const source = sourceOf(edge)
    const messages = envelopes.map((each) => ({ ...each, attempt: 1 }))
    const [first] = messages
    if (first === undefined) return undefined
    const isOne = messages.length === 1
    const answer = await this.#inbox.offer({
      type: isOne ? CLOUD_EVENT : CLOUD_EVENTS,
      body: isOne ? writeEnvelope(first, source) : writeEnvelopes(messages, source),
      source,
      timeoutMs: OFFER_MS_MAX,
      traceparent: isOne ? first.traceparent : undefined,
    })
    return isAcknowledged(answer) ? undefined : failureOf(first, name, answer)
  }

  /** What is in a parcel. Bytes that Holdfast did not write hold nothing, and are stated. */
  #read({ type, body }: Taken): readonly Envelope[] {
    try {
      return type === CLOUD_EVENTS ? readEnvelopes(body) : [readEnvelope(body)]
    } catch (error) {
      this.#fail(error)
      return []
    }
  }

  /** Gives signs of life until the result is called. */
  #keeping(taken: Taken): () => void {
    const { timers } = this.#site.world
    const again = (): (() => void) =>
      timers.after(KEEP_MS, () => {
        taken.keep()
        cancel = again()
      })
    let cancel = again()
    return () => cancel()
  }

  #fail(error: unknown): void {
    this.#site.observe({
      fact: 'failed',
      service: this.#site.service.name,
      work: 'intake',
      code: isHoldfastError(error) ? error.code : undefined,
      error,
      traceId: undefined,
    })
  }
}

/** True if nothing is wrong with the message, as far as anybody knows, and nothing else would go better. */
function saysNothing(failure: HoldfastError): boolean {
  return isUnwell(failure) && failure.code !== 'HF_EVENT_TOO_NEW'
}

function sourceOf(edge: string): string {
  return edge.slice(0, edge.indexOf('>'))
}
