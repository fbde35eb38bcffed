/**
 * The relay of a service: carries what stands in the outbox to whoever subscribes, until nobody is owed.
 *
 * Intuition: a postman with a walk of his own. The lease says which letter boxes are his; he reads a
 * handful, delivers them, and only then takes them off the list. If he falls on the way, the next one
 * delivers a few letters twice, which the receiver's inbox notices; none is lost.
 *
 * Looking is the truth and being woken is a favour: a wake that is lost costs one poll interval.
 *
 * Invariants:
 *   Y1. A message leaves the outbox only after its consumer acknowledged it.
 *   Y2. No transaction is open while a message is in the air.
 *   Y3. A partition is sent by one relay at a time, which checks its lease before each message. What
 *       two relays could send after a pause is equal and swallowed by the inbox; order holds.
 *   Y4. Per key in order: within a batch by `batch.ts`, between batches by `queue.ts`.
 *   Y5. One edge cannot hold up another: each partition has a walk of its own, and one at a time.
 *   Y6. No error ends the relay. Those of the database make it wait, longer each time.
 */
import { assert, isHoldfastError } from '#errors'
import type { EventEdge, System } from '#model'
import { sleep } from '#world'
import type { Site } from '../site.ts'
import { Alarm } from './alarm.ts'
import { Gauge } from './backlog.ts'
import { sendBatch, type Undelivered, type Ways } from './batch.ts'
import type { Broker } from './broker.ts'
import type { Message } from './message.ts'
import { Outage } from './outage.ts'
import { PARTITIONS } from './partition.ts'
import { Portion } from './portion.ts'
import {
  duePartitions,
  type Failure,
  type Partition,
  postpone,
  type Queued,
  readDue,
  remove,
} from './queue.ts'
import { backoffMs, isAway, judge, type Verdict } from './retry.ts'
import { Tenure } from './tenure.ts'
import { Upkeep } from './upkeep.ts'

/** Carries the messages of one service. */
export interface Relay {
  /** Begins. Once. */
  start(): void
  /** Looks soon. Cheap; any number of calls before the next look count as one. */
  wake(): void
  /** Ends: what is in the air is finished and written down, the leases are given back. */
  stop(): Promise<void>
}

/** Messages that are read at once. One by one would cost fifty times as much. */
const BATCH_MAX = 100

/** The longest wait for one acknowledgement, in ms. */
const SEND_MS_MAX = 10_000

/** Between two looks at an idle outbox: 500 ms to 1 s, so that many relays do not look in step. */
const POLL_MS_MIN = 500

/** A relay for all outgoing event edges of a service. */
export function relay(site: Site, broker: Broker): Relay {
  return new EventRelay(site, broker)
}

class EventRelay implements Relay {
  readonly #site: Site
  readonly #broker: Broker
  readonly #edges: ReadonlyMap<string, EventEdge>
  readonly #outages: ReadonlyMap<string, Outage>
  readonly #portions: ReadonlyMap<string, Portion>
  readonly #tenure: Tenure
  readonly #alarm = new Alarm()
  readonly #end = new AbortController()
  readonly #walks = new Map<string, Promise<void>>()
  readonly #upkeep: Upkeep
  readonly #gauge: Gauge
  #running: Promise<void> | undefined

  constructor(site: Site, broker: Broker) {
    const { clock, random } = site.world
    const edges = site.system.eventEdges.filter((each) => each.source === site.service.name)
    this.#site = site
    this.#broker = broker
    this.#edges = new Map(edges.map((each) => [each.name, each]))
    this.#outages = new Map(edges.map((each) => [each.name, new Outage(clock, random)]))
    const partitions = edges.flatMap(partitionsOf)
    this.#portions = new Map(partitions.map((each) => [walkOf(each), new Portion()]))
    this.#tenure = new Tenure(site, partitions)
    this.#gauge = new Gauge({ database: site.database, clock }, edges, site.service.contract)
    this.#upkeep = new Upkeep(site, (error) => this.#fail(error))
  }

  start(): void {
    assert(this.#running === undefined, 'a relay is started once')
    this.#upkeep.start()
    this.#running = this.#edges.size === 0 ? Promise.resolve() : this.#run()
  }

  wake(): void {
    this.#alarm.set()
  }

  async stop(): Promise<void> {
    this.#end.abort()
    this.#alarm.set()
    await this.#upkeep.stop()
    await this.#running
    await Promise.all(this.#walks.values())
    await this.#tenure.release().catch((error: unknown) => this.#fail(error))
  }

  async #run(): Promise<void> {
    const { timers, random } = this.#site.world
    let failures = 0
    while (!this.#end.signal.aborted) {
      try {
        await this.#look()
        failures = 0
        await this.#alarm.wait(timers, POLL_MS_MIN * (1 + random.float()))
      } catch (error) {
        this.#fail(error)
        // Wakes do not shorten this wait: they come from traffic, which a sick database has enough of.
        const delayMs = POLL_MS_MIN + backoffMs(failures, random)
        failures += 1
        await sleep(timers, delayMs, this.#end.signal).catch(() => {})
      }
    }
  }

  /** Renews the leases and sets out on every walk that is due and not under way. */
  async #look(): Promise<void> {
    await this.#tenure.renew()
    // A backlog that is too long to be counted in time must be delivered all the same.
    await this.#gauge.read().catch((error: unknown) => this.#fail(error))
    const idle = this.#tenure
      .held()
      .filter((each) => !this.#walks.has(walkOf(each)) && !this.#outages.get(each.edge)?.isOn())
    for (const partition of await duePartitions(this.#site.database, idle)) {
      const walk = this.#walk(partition)
        .catch((error: unknown) => this.#fail(error))
        .finally(() => this.#walks.delete(walkOf(partition)))
      this.#walks.set(walkOf(partition), walk)
    }
  }

  /** Delivers one partition until nothing can be delivered now. */
  async #walk(partition: Partition): Promise<void> {
    const token = this.#tenure.tokenOf(partition)
    const mayGoOn = (): boolean =>
      token !== undefined &&
      token === this.#tenure.tokenOf(partition) &&
      !this.#end.signal.aborted &&
      !this.#outages.get(partition.edge)?.isOn()
    while (mayGoOn()) {
      if (!(await this.#deliverBatch(partition, mayGoOn))) return
      // What was written while this batch was in the air is found by the next look.
      this.#alarm.set()
    }
  }

  /** Reads, sends, and writes down what came of it. False if nothing moved. */
  async #deliverBatch(partition: Partition, mayGoOn: () => boolean): Promise<boolean> {
    const { database, world } = this.#site
    const batch = await readDue(database, partition, {
      limit: BATCH_MAX,
      skips: this.#skipsOf(partition),
    })
    const readAtMs = world.clock.monotonicMs()
    const { delivered, undelivered } = await sendBatch(batch, this.#ways(partition, mayGoOn))
    const lagMs = world.clock.monotonicMs() - readAtMs
    await this.#strike(partition, delivered, lagMs)
    const postponed = await this.#postpone(partition, undelivered)
    return delivered.length + postponed > 0
  }

  /** The events of the partition's edge whose dead letters are skipped, as the outbox names them. */
  #skipsOf({ edge }: Partition): readonly string[] {
    const known = this.#edges.get(edge)
    return (known?.skips ?? []).map((name) => `${known?.source}.${name}`)
  }

  #ways(partition: Partition, mayGoOn: () => boolean): Ways {
    const edge = this.#edges.get(partition.edge)
    const portion = this.#portions.get(walkOf(partition))
    assert(edge && portion, `the relay of ${this.#site.service.name} has ${partition.edge}`)
    const { clock } = this.#site.world
    const one = (message: Queued): Promise<void> =>
      this.#heeding(edge, () =>
        this.#broker.deliver(edge.target, messageOf(edge.name, message), SEND_MS_MAX),
      )
    const many = async (messages: readonly Queued[]): Promise<void> => {
      const [first] = messages
      if (first !== undefined && messages.length === 1) return one(first)
      const startedMs = clock.monotonicMs()
      const all = messages.map((each) => messageOf(edge.name, each))
      try {
        await this.#heeding(edge, async () =>
          this.#broker.deliverAll?.(edge.target, all, SEND_MS_MAX),
        )
        portion.succeeded(clock.monotonicMs() - startedMs)
      } catch (error) {
        portion.failed()
        throw error
      }
    }
    const isMany = this.#broker.deliverAll !== undefined && !asksFirst(this.#site.system, edge)
    return { one, ...(isMany ? { many } : {}), manyMax: () => portion.size, mayGoOn }
  }

  /** Sends, and learns from it whether the consumer can be reached. */
  async #heeding({ name }: EventEdge, send: () => Promise<void>): Promise<void> {
    const outage = this.#outages.get(name)
    try {
      await send()
      outage?.end()
    } catch (error) {
      // At once and not with the batch: the other keys in the air must not try as well.
      if (isAway(error)) outage?.extend(error)
      throw error
    }
  }

  /** Takes the delivered off the list. */
  async #strike(
    partition: Partition,
    delivered: readonly Queued[],
    sinceReadMs: number,
  ): Promise<void> {
    await remove(
      this.#site.database,
      partition,
      delivered.map((each) => each.seq),
    )
    for (const each of delivered) {
      this.#site.observe({
        fact: 'delivered',
        ...this.#named(partition, each),
        attempts: each.attempts + 1,
        lagMs: each.ageMs + sinceReadMs,
      })
    }
  }

  /** Writes down the failures that count for a message, states all, and counts the former. */
  async #postpone(partition: Partition, undelivered: readonly Undelivered[]): Promise<number> {
    const judged = undelivered.map(({ message, failure }) => ({
      message,
      verdict: judge(failure, message.attempts, this.#site.world.random),
    }))
    const failures = judged.flatMap(({ message, verdict }): Failure[] => {
      if (verdict.verdict === 'away') return []
      const delayMs = verdict.verdict === 'dead' ? undefined : verdict.delayMs
      return [{ seq: message.seq, error: verdict.error, attempts: verdict.attempts, delayMs }]
    })
    await postpone(this.#site.database, partition, failures)
    for (const { message, verdict } of judged) {
      this.#site.observe({
        fact: 'undelivered',
        ...this.#named(partition, message),
        attempts: verdict.verdict === 'away' ? message.attempts : verdict.attempts,
        retryInMs: this.#retryInMs(partition, verdict),
        error: verdict.error,
      })
    }
    return failures.length
  }

  #retryInMs({ edge }: Partition, verdict: Verdict): number | undefined {
    if (verdict.verdict === 'away') return this.#outages.get(edge)?.remainingMs()
    return verdict.verdict === 'again' ? verdict.delayMs : undefined
  }

  #named(
    { edge }: Partition,
    { id, key, head }: Queued,
  ): { service: string; edge: string; event: string; id: string; key: string } {
    return { service: this.#site.service.name, edge, event: head.event, id, key }
  }

  #fail(error: unknown): void {
    this.#site.observe({
      fact: 'failed',
      service: this.#site.service.name,
      work: 'relay',
      code: isHoldfastError(error) ? error.code : undefined,
      error,
      traceId: undefined,
    })
  }
}

/** True if a handler calls its neighbours first: many of those in a row take too long for one answer. */
function asksFirst({ services }: System, { source, target }: EventEdge): boolean {
  const subscriptions = services.find(({ name }) => name === target)?.subscriptions ?? []
  return subscriptions.some(
    ({ event, handler }) => event.contract === source && handler.ask !== undefined,
  )
}

function partitionsOf({ name }: EventEdge): Partition[] {
  return Array.from({ length: PARTITIONS }, (_, part) => ({ edge: name, part }))
}

function walkOf({ edge, part }: Partition): string {
  return `${edge}:${part}`
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
