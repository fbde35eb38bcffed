/**
 * An emitter and a consumer, each with a database on a real PostgreSQL, and a broker between them. Time
 * is real: the brokers of others have clocks of their own.
 */
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { type BrokerOf, listDead, type Message, relay, type Relay, server, type Site } from '#edge'
import { HoldfastError } from '#errors'
import type { SubscriptionOptions } from '#model'
import type { Fact } from '#observe'
import type { Database } from '#state'
import { nodeClock, nodeRandom, nodeTimers, type Network } from '#world'
import { postgres } from './databases.ts'
import {
  type Consume,
  emitSteps,
  eventDatabase,
  eventSystem,
  siteOf,
  type Step,
} from './event-world.ts'

/** A broker, as a rig needs it. */
export interface Carrier {
  readonly brokerOf: BrokerOf
  /** Lets it fail for a moment, in the middle of whatever it does, and resolves when it works again. */
  readonly interrupt: () => Promise<void>
  /** Messages that it keeps for the consumer at this moment. */
  readonly kept: () => Promise<number>
}

/** What may be said about a rig. */
export interface RigOptions extends SubscriptionOptions {
  readonly consume?: Consume
}

/** The longest that a test waits for something that must happen, in ms. */
const WAIT_MS_MAX = 60_000

/** Orders, which emits, and inventory, which listens, over one broker. */
export class Rig {
  readonly orders: Site & { readonly facts: Fact[] }
  readonly inventory: Site & { readonly facts: Fact[] }
  readonly #carrierOf: (rig: Rig) => Carrier
  #carrier: Carrier | undefined
  #consumerEnds: (() => Promise<void>) | undefined
  #wake: () => void = () => {}
  #ends: (() => Promise<void>)[] = []
  /** False while the consumer cannot be reached by the emitter's network. */
  isReachable = true

  private constructor(
    databases: { readonly emitter: Database; readonly consumer: Database },
    { consume, ...subscription }: RigOptions,
    carrierOf: (rig: Rig) => Carrier,
  ) {
    const { system, orders, inventory } = eventSystem(consume, subscription)
    const world = {
      clock: nodeClock,
      timers: nodeTimers,
      random: nodeRandom,
      network: this.#network,
    }
    this.orders = {
      ...siteOf({ system, service: orders }, { world, database: databases.emitter }),
      wake: () => this.#wake(),
    }
    this.inventory = siteOf({ system, service: inventory }, { world, database: databases.consumer })
    this.#carrierOf = carrierOf
  }

  /** Builds both and starts them. */
  static async start(carrierOf: (rig: Rig) => Carrier, options: RigOptions = {}): Promise<Rig> {
    const [emitter, consumer] = await Promise.all([
      eventDatabase(await postgres.fresh()),
      eventDatabase(await postgres.fresh()),
    ])
    const rig = new Rig({ emitter, consumer }, options, carrierOf)
    await rig.comeBack()
    await rig.run(rig.orders)
    return rig
  }

  get carrier(): Carrier {
    this.#carrier ??= this.#carrierOf(this)
    return this.#carrier
  }

  /** Runs a service, and gives its end. */
  async run(site: Site): Promise<() => Promise<void>> {
    let carrying: Relay | undefined
    const served = { ...site, wake: () => carrying?.wake() }
    const inbox = server(served)
    const broker = this.carrier.brokerOf(served)
    const running = relay(served, broker)
    carrying = running
    if (site.service.name === 'inventory') this.#inbox = inbox
    else this.#wake = () => running.wake()
    this.isReachable = true
    await broker.intake?.start(inbox.handle)
    running.start()
    const end = async (): Promise<void> => {
      this.#ends = this.#ends.filter((each) => each !== end)
      await broker.intake?.stop()
      await inbox.drain()
      await running.stop()
      await broker.intake?.close()
    }
    this.#ends.push(end)
    return end
  }

  /** The consumer goes away. */
  async leave(): Promise<void> {
    this.isReachable = false
    await this.#consumerEnds?.()
  }

  /** The consumer runs again, over the same database. */
  async comeBack(): Promise<void> {
    this.#consumerEnds = await this.run(this.inventory)
  }

  async emit(name: 'placed' | 'noted', steps: readonly Step[]): Promise<void> {
    await emitSteps(this.orders, name, steps)
  }

  /** How much the consumer wrote down. */
  async count(): Promise<number> {
    const text = 'select count(*)::int as n from seen'
    return (await this.inventory.database.query<{ n: number }>(text)).rows[0]?.n ?? 0
  }

  /** What the consumer wrote down, in order. */
  async seen(): Promise<Step[]> {
    const text = 'select key, n from seen order by place'
    return (await this.inventory.database.query<Step>(text)).rows
  }

  /** The emitter's rows for the consumer. */
  async waiting(): Promise<readonly { readonly n: number; readonly error: string | null }[]> {
    const text = `select (body ->> 'n')::int as n, error from hf.outbox where edge = $1 order by seq`
    return (await this.orders.database.query<{ n: number; error: string | null }>(text, [EDGE]))
      .rows
  }

  /** The dead letters of the edge, with the database that keeps them. */
  async dead(): Promise<readonly { readonly database: Database; readonly id: string }[]> {
    const databases = [this.orders.database, this.inventory.database]
    const found = await Promise.all(
      databases.map(async (database) =>
        (await listDead(database, { edge: EDGE })).map(({ id }) => ({ database, id })),
      ),
    )
    return found.flat()
  }

  /** Lets what failed be tried again now, and, where so many tries are named, count as that many. */
  async hurry(attempts?: number): Promise<void> {
    for (const { database } of [this.orders, this.inventory]) {
      // oxlint-disable-next-line no-await-in-loop -- two small statements.
      await database.query(
        `update hf.outbox set due_at = clock_timestamp(), attempts = coalesce($2, attempts)
         where edge = $1 and error is not null and due_at < 'infinity'`,
        [EDGE, attempts ?? null],
      )
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#ends.map((end) => end()))
    await Promise.all([this.orders.database.close(), this.inventory.database.close()])
  }

  #inbox: ReturnType<typeof server> | undefined

  readonly #network: Network = {
    listen: () => Promise.reject(new Error('nobody listens here')),
    send: async (origin, { method, path, headers, body, signal }) => {
      if (origin !== 'http://inventory' || !this.isReachable || this.#inbox === undefined)
        throw new HoldfastError('HF_CALL_NOT_SENT', { detail: `${origin} is away` })
      const readBody = async (bytesMax: number): Promise<Uint8Array> => {
        if ((body?.length ?? 0) > bytesMax)
          throw new HoldfastError('HF_BODY_TOO_LARGE', { detail: `over ${bytesMax} bytes` })
        return body ?? new Uint8Array()
      }
      return this.#inbox.handle({ method, path, headers, readBody, signal })
    },
  }
}

/** The edge of a rig. */
export const EDGE = 'orders>inventory'

/** A message of the edge, as a relay would hand it to a broker. */
export function messageOf(n: number, key = ''): Message {
  return {
    id: `019a0000-0000-7000-8000-${String(n).padStart(12, '0')}`,
    edge: EDGE,
    event: key === '' ? 'orders.noted' : 'orders.placed',
    key,
    payload: { key, n },
    time: new Date().toISOString(),
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    attempt: 1,
  }
}

/** Waits until it is so. */
export async function soon(
  what: string,
  isSo: () => Promise<boolean> | boolean,
  limitMs: number = WAIT_MS_MAX,
): Promise<void> {
  const giveUpMs = performance.now() + limitMs
  while (!(await isSo())) {
    assert.ok(performance.now() < giveUpMs, `not within ${limitMs} ms: ${what}`)
    await pause(20)
  }
}

/** The numbers of each key in the order in which they took effect. */
export function byKey(seen: readonly Step[]): Readonly<Record<string, readonly number[]>> {
  const keys = Map.groupBy(seen, ({ key }) => key)
  return Object.fromEntries([...keys].map(([key, steps]) => [key, steps.map(({ n }) => n)]))
}
