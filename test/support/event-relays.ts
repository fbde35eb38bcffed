/**
 * Relays in the hand of a test: started over a real database, ended together, delivering to whoever
 * the test says.
 */
import { HTTP_PUSH } from '#model'
import type { Database } from '#state'
import type { Broker } from '../../src/edge/event/broker.ts'
import type { Message } from '../../src/edge/event/message.ts'
import { type Relay, relay } from '../../src/edge/event/relay.ts'
import type { Site } from '../../src/edge/site.ts'
import { eventSystem, type ManualWorld, siteOf, type Step } from './event-world.ts'

/** The edge that most tests look at. */
export const EDGE = 'orders>inventory'

/** The relays of one test. */
export class Relays {
  readonly #database: Database
  readonly #running: Relay[] = []

  constructor(database: Database) {
    this.#database = database
  }

  /** Orders with a relay of its own process, which delivers over `broker`. */
  start(
    broker: Broker,
    world: ManualWorld,
    database: Database = this.#database,
  ): { readonly site: ReturnType<typeof siteOf>; readonly relay: Relay } {
    const { system, orders: service } = eventSystem()
    let started: Relay | undefined
    const wake: Site['wake'] = () => started?.wake()
    const site = { ...siteOf({ system, service }, { world, database }), wake }
    started = relay(site, broker)
    this.#running.push(started)
    started.start()
    return { site, relay: started }
  }

  /** Ends all of them. */
  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((each) => each.stop()))
  }

  /** Ends every wait but that of the dead. */
  async makeDue(): Promise<void> {
    await this.#database.query(
      `update hf.outbox set due_at = clock_timestamp() where due_at < 'infinity'`,
    )
  }
}

/** A broker that keeps what it was given; `receives` may wait or throw. */
export function recorder(
  receives: (message: Message) => Promise<void> | void = () => {},
): Broker & { readonly sent: Message[] } {
  const sent: Message[] = []
  return {
    promises: HTTP_PUSH,
    sent,
    deliver: async (_, message) => {
      sent.push(message)
      await receives(message)
    },
  }
}

/** What was sent over the edge, in order. */
export function steps({ sent }: { readonly sent: readonly Message[] }, edge: string): Step[] {
  // The payloads of these tests are steps.
  return sent.filter((each) => each.edge === edge).map((each) => each.payload as Step)
}

/** Steps 1 to `many` of one key. */
export function counted(key: string, many: number): Step[] {
  return Array.from({ length: many }, (_, index) => ({ key, n: index + 1 }))
}
