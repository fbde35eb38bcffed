/**
 * The way out of one edge: reads what is due, sends it, and writes down what came of it.
 *
 * Intuition: a message costs round trips, and nearly all of them are the same for one message as for a
 * hundred. So while all is well the partitions of an edge are read and sent as one. As soon as something
 * fails they go apart, so that a message that hangs holds up a quarter of the edge and not all of it.
 *
 * Invariants:
 *   V1. What was delivered is taken out before anything else of its partition is sent.
 *   V2. After a failure, the partitions go apart for APART_MS.
 *   V3. No transaction is open while a message is in the air.
 */
import { Deadline } from '#clock'
import type { EventEdge, System } from '#model'
import type { Site } from '../site.ts'
import { countOn } from './backlog.ts'
import { sendBatch, type Sent, type Undelivered, type Ways } from './batch.ts'
import type { Broker } from './broker.ts'
import type { Message } from './message.ts'
import { Outage } from './outage.ts'
import { Portion } from './portion.ts'
import { exchange, type Failure, type Marks, postpone, type Queued, remove } from './queue.ts'
import { isAway, judge, type Verdict } from './retry.ts'

/**
 * Messages of one partition that are read at once: five portions. A reading passes over whatever the
 * server could not clear away yet, so few and large ones keep an old snapshot from slowing it down.
 */
const BATCH_MAX = 500

/** The longest wait for one acknowledgement, in ms. */
const SEND_MS_MAX = 10_000

/** For so long the partitions of an edge go apart after a failure, in ms. */
const APART_MS = 30_000

/** When to go on. */
export interface Course {
  readonly mayGoOn: () => boolean
  /** Called before each reading: what is written after it may be missed by it. */
  readonly reading: () => void
  readonly markOf: Marks
}

/** What carries the messages of one edge. */
export class Delivery {
  readonly #site: Site
  readonly #broker: Broker
  readonly #edge: EventEdge
  readonly #skips: readonly string[]
  readonly #outage: Outage
  readonly #portions = new Map<number | 'all', Portion>()
  readonly #isTogether: boolean
  readonly #isMany: boolean
  #apart: Deadline

  constructor(site: Site, broker: Broker, edge: EventEdge) {
    const { clock, random } = site.world
    this.#site = site
    this.#broker = broker
    this.#edge = edge
    // As the outbox names them.
    this.#skips = edge.skips.map((name) => `${edge.source}.${name}`)
    this.#outage = new Outage(clock, random)
    this.#isMany = broker.deliverAll !== undefined && !asksFirst(site.system, edge)
    // A broker that keeps messages has a queue for each partition.
    this.#isTogether = this.#isMany && broker.intake === undefined
    this.#apart = Deadline.in(clock, 0)
  }

  /** True while the consumer should be left alone. */
  get isPaused(): boolean {
    return this.#outage.isOn()
  }

  /** Those of the partitions that are due, in groups that are delivered independently. */
  groupsOf(parts: readonly number[]): readonly (readonly number[])[] {
    return this.#isTogether && this.#apart.hasPassed() ? [parts] : parts.map((each) => [each])
  }

  /**
   * Delivers some partitions until nothing can be delivered now. True if it ended before that, because
   * partitions that were together must go apart.
   */
  async deliver(parts: readonly number[], { mayGoOn, reading, markOf }: Course): Promise<boolean> {
    const { database } = this.#site
    const mustPart = (): boolean => parts.length > 1 && !this.#apart.hasPassed()
    const goesOn = (): boolean => mayGoOn() && !this.#outage.isOn() && !mustPart()
    const edge = this.#edge.name
    let delivered: readonly Queued[] = []
    while (goesOn()) {
      reading()
      const batch = await exchange(
        database,
        { edge, parts },
        { limit: BATCH_MAX, skips: this.#skips, delivered, markOf },
      )
      const sent = await this.#send(batch, parts, goesOn)
      delivered = sent.delivered
      if (sent.undelivered.length > 0) {
        await remove(database, edge, delivered)
        delivered = []
      }
      const postponed = await this.#postpone(sent.undelivered)
      if (sent.delivered.length + postponed === 0) break
    }
    await remove(database, edge, delivered)
    return mustPart()
  }

  /** Sends what was read, and states what was delivered. */
  async #send(
    batch: readonly Queued[],
    parts: readonly number[],
    mayGoOn: () => boolean,
  ): Promise<Sent> {
    const { clock } = this.#site.world
    const readAtMs = clock.monotonicMs()
    const size = this.#portion('all').size
    const sent =
      parts.length > 1 && batch.length <= size
        ? await sendBatch(batch, this.#ways('all', mayGoOn))
        : await this.#sendApart(batch, parts, mayGoOn)
    countOn(this.#site.database, this.#edge.name, -sent.delivered.length)
    const sinceReadMs = clock.monotonicMs() - readAtMs
    for (const each of sent.delivered) {
      this.#site.observe({
        fact: 'delivered',
        ...this.#named(each),
        attempts: each.attempts + 1,
        lagMs: each.ageMs + sinceReadMs,
      })
    }
    return sent
  }

  async #sendApart(
    batch: readonly Queued[],
    parts: readonly number[],
    mayGoOn: () => boolean,
  ): Promise<Sent> {
    const all = await Promise.all(
      parts.map((part) =>
        sendBatch(
          batch.filter((each) => each.part === part),
          this.#ways(part, mayGoOn),
        ),
      ),
    )
    return {
      delivered: all.flatMap((each) => each.delivered),
      undelivered: all.flatMap((each) => each.undelivered),
    }
  }

  #ways(stream: number | 'all', mayGoOn: () => boolean): Ways {
    const { target, name } = this.#edge
    const portion = this.#portion(stream)
    const { clock } = this.#site.world
    const one = (message: Queued): Promise<void> =>
      this.#heeding(() => this.#broker.deliver(target, messageOf(name, message), SEND_MS_MAX))
    const many = async (messages: readonly Queued[]): Promise<void> => {
      const [first] = messages
      if (first !== undefined && messages.length === 1) return one(first)
      const startedMs = clock.monotonicMs()
      const all = messages.map((each) => messageOf(name, each))
      try {
        await this.#heeding(async () => this.#broker.deliverAll?.(target, all, SEND_MS_MAX))
        portion.succeeded(clock.monotonicMs() - startedMs)
      } catch (error) {
        portion.failed()
        throw error
      }
    }
    return { one, ...(this.#isMany ? { many } : {}), manyMax: () => portion.size, mayGoOn }
  }

  #portion(stream: number | 'all'): Portion {
    const portion = this.#portions.get(stream) ?? new Portion()
    this.#portions.set(stream, portion)
    return portion
  }

  /** Sends, and learns from it whether the consumer can be reached. */
  async #heeding(send: () => Promise<void>): Promise<void> {
    try {
      await send()
      this.#outage.end()
    } catch (error) {
      // At once and not with the batch: the other keys in the air must not try as well.
      if (isAway(error)) this.#outage.extend(error)
      else this.#apart = Deadline.in(this.#site.world.clock, APART_MS)
      throw error
    }
  }

  /** Writes down the failures that count for a message, states all, and counts the former. */
  async #postpone(undelivered: readonly Undelivered[]): Promise<number> {
    const judged = undelivered.map(({ message, failure }) => ({
      message,
      verdict: judge(failure, message.attempts, this.#site.world.random),
    }))
    const failures = judged.flatMap(({ message: { part, seq }, verdict }): Failure[] => {
      if (verdict.verdict === 'away') return []
      const { error, attempts } = verdict
      const delayMs = verdict.verdict === 'dead' ? undefined : verdict.delayMs
      return [{ part, seq, error, attempts, delayMs }]
    })
    await postpone(this.#site.database, this.#edge.name, failures)
    for (const { message, verdict } of judged) {
      this.#site.observe({
        fact: 'undelivered',
        ...this.#named(message),
        attempts: verdict.verdict === 'away' ? message.attempts : verdict.attempts,
        retryInMs: this.#retryInMs(verdict),
        error: verdict.error,
      })
    }
    return failures.length
  }

  #retryInMs(verdict: Verdict): number | undefined {
    if (verdict.verdict === 'away') return this.#outage.remainingMs()
    return verdict.verdict === 'again' ? verdict.delayMs : undefined
  }

  #named({ id, key, head }: Queued): {
    service: string
    edge: string
    event: string
    id: string
    key: string
  } {
    const { service } = this.#site
    return { service: service.name, edge: this.#edge.name, event: head.event, id, key }
  }
}

/** True if a handler calls its neighbours first: many of those in a row take too long for one answer. */
function asksFirst({ services }: System, { source, target }: EventEdge): boolean {
  const subscriptions = services.find(({ name }) => name === target)?.subscriptions ?? []
  return subscriptions.some(
    ({ event, handler }) => event.contract === source && handler.ask !== undefined,
  )
}

function messageOf(edge: string, { id, key, body, head, attempts }: Queued): Message {
  return {
    id,
    edge,
    event: head.event,
    key,
    payload: body,
    time: head.time,
    traceparent: head.traceparent,
    ...(head.stamp === undefined ? {} : { stamp: head.stamp }),
    ...(head.version === undefined ? {} : { version: head.version }),
    attempt: attempts + 1,
  }
}
