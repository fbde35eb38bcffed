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
 *   Y1. A message leaves the outbox only after its consumer acknowledged it, or a broker whose word counts.
 *   Y2. No transaction is open while a message is in the air.
 *   Y3. A partition is sent by one relay at a time, which checks its lease before each message. What
 *       two relays could send after a pause is equal and swallowed by the inbox; order holds.
 *   Y4. Per key in order: within a batch by `batch.ts`, between batches by `delivery.ts` and `queue.ts`.
 *   Y5. One edge cannot hold up another. A partition is in one walk at a time, alone or with others of
 *       its edge (`delivery.ts`).
 *   Y6. No error ends the relay. Those of the database make it wait, longer each time.
 */
import { assert, isHoldfastError } from '#errors'
import type { EventEdge } from '#model'
import { sleep } from '#world'
import type { Site } from '../site.ts'
import { Alarm } from './alarm.ts'
import { Gauge } from './backlog.ts'
import type { Broker } from './broker.ts'
import { Delivery } from './delivery.ts'
import { Herald } from './herald.ts'
import { LowWater } from './low-water.ts'
import { PARTITIONS } from './partition.ts'
import { duePartitions, type Marks, type Partition } from './queue.ts'
import { backoffMs } from './retry.ts'
import { SnapshotWatch } from './snapshot-watch.ts'
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

/** Between two looks at an idle outbox: 500 ms to 1 s, so that many relays do not look in step. */
const POLL_MS_MIN = 500

/** A relay for all outgoing event edges of a service. */
export function relay(site: Site, broker: Broker): Relay {
  return new EventRelay(site, broker)
}

class EventRelay implements Relay {
  readonly #site: Site
  readonly #deliveries: ReadonlyMap<string, Delivery>
  readonly #tenure: Tenure
  readonly #alarm = new Alarm()
  readonly #end = new AbortController()
  readonly #walks = new Map<string, Promise<void>>()
  readonly #upkeep: Upkeep
  readonly #gauge: Gauge
  readonly #watch: SnapshotWatch
  readonly #lowWater: LowWater
  readonly #markOf: Marks = (partition) => this.#lowWater.of(partition)
  readonly #herald: Herald
  #wakes = 0
  #running: Promise<void> | undefined

  constructor(site: Site, broker: Broker) {
    const { clock } = site.world
    const edges = carriedBy(site, broker)
    this.#site = site
    this.#deliveries = new Map(edges.map((each) => [each.name, new Delivery(site, broker, each)]))
    this.#tenure = new Tenure(site, edges.flatMap(partitionsOf))
    this.#gauge = new Gauge({ database: site.database, clock }, edges, site.service.contract)
    this.#watch = new SnapshotWatch(site.database, clock)
    this.#lowWater = new LowWater(site.database, clock)
    this.#herald = new Herald(site.database, site.world.timers)
    this.#upkeep = new Upkeep(site, (error) => this.#fail(error))
  }

  start(): void {
    assert(this.#running === undefined, 'a relay is started once')
    this.#upkeep.start()
    this.#running = this.#deliveries.size === 0 ? Promise.resolve() : this.#run()
  }

  wake(): void {
    this.#stir()
    if (!this.#tenure.isWhole) this.#herald.tell()
  }

  async stop(): Promise<void> {
    this.#end.abort()
    this.#alarm.set()
    this.#herald.stop()
    await this.#upkeep.stop()
    await this.#running
    await Promise.all(this.#walks.values())
    await this.#tenure.release().catch((error: unknown) => this.#fail(error))
  }

  #stir(): void {
    this.#wakes += 1
    this.#alarm.set()
  }

  async #run(): Promise<void> {
    this.#herald.hear(() => this.#stir())
    const { timers, random } = this.#site.world
    let failures = 0
    while (!this.#end.signal.aborted) {
      try {
        await this.#look()
        failures = 0
        await this.#alarm.wait(timers, POLL_MS_MIN * (1 + random.float()))
      } catch (error) {
        this.#lowWater.forget()
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
    const held = this.#tenure.held()
    const idle = held.filter(
      (each) => !this.#walks.has(walkOf(each)) && !this.#deliveryOf(each).isPaused,
    )
    const due = await duePartitions(this.#site.database, idle, this.#markOf)
    for (const [edge, delivery] of this.#deliveries) {
      const parts = due.filter((each) => each.edge === edge).map(({ part }) => part)
      if (parts.length === 0) continue
      for (const group of delivery.groupsOf(parts)) this.#setOut(edge, group)
    }
    await this.#survey(held)
  }

  /** What makes the walks safer or faster. They go on without it, however long a statement takes here. */
  async #survey(held: readonly Partition[]): Promise<void> {
    await this.#gauge.read().catch((error: unknown) => this.#fail(error))
    await this.#watch.look().catch((error: unknown) => this.#fail(error))
    // Where nothing is delivered, there is nothing to rise above.
    if (this.#walks.size > 0)
      await this.#lowWater.rise(held).catch((error: unknown) => this.#fail(error))
  }

  /** Begins a walk, and remembers it until its end. */
  #setOut(edge: string, parts: readonly number[]): void {
    const partitions = parts.map((part) => ({ edge, part }))
    const walk = this.#walk(partitions)
    for (const each of partitions) this.#walks.set(walkOf(each), walk)
  }

  async #walk(partitions: readonly Partition[]): Promise<void> {
    let mustLook = false
    try {
      mustLook = await this.#deliver(partitions)
    } catch (error) {
      this.#lowWater.forget()
      this.#fail(error)
    }
    for (const each of partitions) this.#walks.delete(walkOf(each))
    if (mustLook) this.#alarm.set()
  }

  /** Delivers partitions of one edge until nothing can be delivered now. True if more may be there. */
  async #deliver(partitions: readonly Partition[]): Promise<boolean> {
    const [first] = partitions
    assert(first !== undefined, 'a walk has a partition')
    const tokens = partitions.map((each) => this.#tenure.tokenOf(each))
    let wakes = this.#wakes
    const isUnfinished = await this.#deliveryOf(first).deliver(
      partitions.map(({ part }) => part),
      {
        mayGoOn: () =>
          !this.#end.signal.aborted &&
          partitions.every((each, index) => {
            const token = this.#tenure.tokenOf(each)
            return token !== undefined && token === tokens[index]
          }),
        reading: () => {
          wakes = this.#wakes
        },
        markOf: this.#markOf,
      },
    )
    // Whoever woke the relay since the last reading found this walk under way.
    return isUnfinished || wakes !== this.#wakes
  }

  #deliveryOf({ edge }: Partition): Delivery {
    const delivery = this.#deliveries.get(edge)
    assert(delivery !== undefined, `the relay of ${this.#site.service.name} has ${edge}`)
    return delivery
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

/** What the service emits; over a broker that keeps messages, also what it parked of what it hears. */
function carriedBy({ service, system }: Site, { intake }: Broker): readonly EventEdge[] {
  return system.eventEdges.filter(
    ({ source, target }) =>
      source === service.name || (intake !== undefined && target === service.name),
  )
}

function partitionsOf({ name }: EventEdge): Partition[] {
  return Array.from({ length: PARTITIONS }, (_, part) => ({ edge: name, part }))
}

function walkOf({ edge, part }: Partition): string {
  return `${edge}:${part}`
}
