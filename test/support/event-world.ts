/**
 * A small event system for tests: orders emits, inventory and mail listen, and time is in the test's hand.
 *
 * The databases are real and run in real time; every clock, timer and random number of Holdfast is the
 * test's. `until` lets both go on: it yields to the event loop and moves the clock, and never sleeps.
 */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import {
  type EmitOptions,
  type Schema,
  type Service,
  type SubscriptionOptions,
  type System,
  command,
  contract,
  event,
  nothing,
  service,
  sql,
  system,
  when,
} from '#model'
import type { Fact } from '#observe'
import { type Connections, type Database, migrate, openDatabase } from '#state'
import {
  type IncomingRequest,
  type Network,
  type World,
  nodeClock,
  nodeRandom,
  nodeTimers,
} from '#world'
import { emitter } from '../../src/edge/event/emission.ts'
import { once } from '../../src/edge/once.ts'
import type { Site } from '../../src/edge/site.ts'

/** A world whose time moves only when the test says so. */
export interface ManualWorld extends World {
  /** Moves the clock and runs what is due. */
  advance(ms: number): void
}

/** `float` decides every jitter (0: no delay at all), `send` is the network. */
export function manualWorld(
  options: { readonly float?: number; readonly send?: Network['send'] } = {},
): ManualWorld {
  let nowMs = 0
  let timers: { readonly atMs: number; readonly run: () => void }[] = []
  return {
    clock: { monotonicMs: () => nowMs, wallMs: () => 1_700_000_000_000 + nowMs },
    timers: {
      after(delayMs, run) {
        const timer = { atMs: nowMs + Math.max(0, delayMs), run }
        timers.push(timer)
        return () => {
          timers = timers.filter((each) => each !== timer)
        }
      },
    },
    random: { float: () => options.float ?? 0, bytes: (length) => nodeRandom.bytes(length) },
    network: {
      send: options.send ?? (() => Promise.reject(new Error('this world has no network'))),
      listen: () => Promise.reject(new Error('this world has no network')),
    },
    advance(ms) {
      nowMs += ms
      const due = timers.filter((each) => each.atMs <= nowMs)
      timers = timers.filter((each) => each.atMs > nowMs)
      for (const each of due) each.run()
    },
  }
}

/** Steps of the clock after which a wait is called hopeless: 50 s of the test's time. */
const STEPS_MAX = 10_000

/**
 * Turns of the event loop after which it is, too: a relay in a tight loop never lets the clock run. Some
 * seconds: PostgreSQL takes one to find a deadlock between the relay and a test that moves its rows.
 */
const TURNS_MAX = 3_000_000

/** The bound of a transaction during which the clock must go on. */
export const HELD_MS = 9_999

/** Statements on the real databases that have not been answered. */
const statements = { inFlight: 0 }

/**
 * Lets the databases work and the clock run, 5 ms a step, until `isDone`. The clock stands still while
 * a database works: a slow machine must not make leases expire.
 */
export async function until(
  world: ManualWorld,
  isDone: () => boolean | Promise<boolean>,
): Promise<void> {
  for (let steps = 0, turns = 0; steps < STEPS_MAX && turns < TURNS_MAX; steps += 1) {
    if (await isDone()) return
    do {
      await turn()
      turns += 1
    } while (statements.inFlight > 0 && turns < TURNS_MAX)
    world.advance(5)
  }
  assert.fail(`not done after ${STEPS_MAX} steps of 5 ms, or ${TURNS_MAX} turns of the loop`)
}

/** Lets the clock stand still until this work of real transactions has ended, too. */
export async function working<T>(work: Promise<T>): Promise<T> {
  statements.inFlight += 1
  try {
    return await work
  } finally {
    statements.inFlight -= 1
  }
}

/** A transaction whose bound is `HELD_MS` is held open by the test on purpose, and is not waited for. */
function counted(database: Database): Database {
  return {
    exclusive: database.exclusive,
    query: (text, params, options) => working(database.query(text, params, options)),
    transaction: (options, work) => {
      const running = database.transaction(options, work)
      return options.timeoutMs === HELD_MS ? running : working(running)
    },
    close: () => database.close(),
  }
}

/** A schema that accepts what `accepts` accepts. */
function schemaOf<T>(accepts: (value: unknown) => value is T): Schema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        accepts(value) ? { value } : { issues: [{ message: 'not an order', path: ['n'] }] },
    },
  }
}

/** What the events carry. */
export interface Step {
  readonly key: string
  readonly n: number
}

function isStep(value: unknown): value is Step {
  return typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number'
}

const Step = schemaOf(isStep)

/** What orders promises. */
export const orders = contract('orders', {
  touch: command({ input: nothing }),
  placed: event({ payload: Step, key: (step) => step.key }),
  noted: event({ payload: Step }),
  unheard: event({ payload: Step }),
})

const inventory = contract('inventory', { counted: event({ payload: Step }) })
const mail = contract('mail', {})

const db = sql({ migrations: new URL('file:///nowhere/') })

/** What the consumer does with an event; a test may make it fail. */
export type Consume = (step: Step) => void

/** orders ~~> inventory (placed, noted), orders ~~> mail (placed), inventory ~~> mail (counted). */
export function eventSystem(
  consume: Consume = () => {},
  subscription: SubscriptionOptions = {},
): {
  readonly system: System
  readonly orders: Service
  readonly inventory: Service
} {
  const write = 'insert into seen (key, n) values ($1, $2)'
  const ordersService = service(orders, db, { handle: { touch: () => {} } })
  const inventoryService = service(inventory, db, {
    handle: {},
    when: [
      when(
        orders.placed,
        async ({ tx, event: step, emit }) => {
          await tx.query(write, [step.key, step.n])
          emit.counted(step)
          consume(step)
        },
        subscription,
      ),
      when(orders.noted, async ({ tx, event: step }) => {
        await tx.query(write, ['', step.n])
        consume(step)
      }),
    ],
  })
  const mailService = service(mail, db, {
    handle: {},
    when: [when(orders.placed, () => {}), when(inventory.counted, () => {})],
  })
  return {
    system: system('shop', { services: [ordersService, inventoryService, mailService] }),
    orders: ordersService,
    inventory: inventoryService,
  }
}

/** A migrated database over fresh connections, with the table that the consumer writes. */
export async function eventDatabase(connections: Connections): Promise<Database> {
  // The databases run in real time, and so does the bound of waiting for them.
  const database = openDatabase(connections, {
    clock: nodeClock,
    timers: nodeTimers,
    random: nodeRandom,
  })
  await migrate(database, [
    { number: 1, name: 'seen', sql: 'create table seen (place serial, key text, n int)' },
  ])
  return counted(database)
}

/** A site for a service, with the facts that it stated. */
export function siteOf(
  running: { readonly service: Service; readonly system: System },
  { world, database }: { readonly world: World; readonly database: Database },
): Site & { readonly facts: Fact[] } {
  const facts: Fact[] = []
  return {
    ...running,
    world,
    database,
    resolve: (target) => `http://${target}`,
    observe: (fact) => facts.push(fact),
    wake: () => {},
    facts,
  }
}

/** A request as the network would hand it to the consumer. */
export function incoming(
  body: Uint8Array | string,
  headers: Readonly<Record<string, string>>,
): IncomingRequest {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return {
    method: 'POST',
    path: '/holdfast/events',
    headers,
    readBody: async () => bytes,
    signal: new AbortController().signal,
  }
}

/** Commits one transaction of orders that emits the steps under the event's name. */
export async function emitSteps(
  site: Site,
  name: 'placed' | 'noted' | 'unheard',
  steps: readonly Step[],
  options?: EmitOptions,
): Promise<void> {
  await once(site, { claim: undefined, timeoutMs: 10_000 }, async () => {
    const emitted = emitter(orders)
    for (const step of steps) emitted.emit[name]?.(step, options)
    return { status: 200, reply: '', emissions: await emitted.collect(), isRefused: false }
  })
}

/** Empties everything between two tests. */
export async function clear(database: Database): Promise<void> {
  await database.query('truncate hf.outbox, hf.inbox, hf.lease, seen')
}

/** How many rows the outbox has. */
export async function waiting(database: Database): Promise<number> {
  const { rows } = await database.query<{ n: number }>('select count(*)::int as n from hf.outbox')
  return rows[0]?.n ?? 0
}
