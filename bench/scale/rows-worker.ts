/**
 * Both ends of a pipe of events, each on its own PostgreSQL database that already holds many rows.
 * Arguments: the URLs of the source and of the target, the number of rows, and the number of edges that
 * leave the source. The events travel over one of them; each has four partitions.
 *
 * What waits is on the edge that is measured: the relay starts, and the first events are on their way while
 * all the others wait behind them. Before each sample the outbox is filled up again.
 */
import { Client } from 'pg'
import { z } from 'zod'
import { connectPostgres, httpNetwork, nodeWorld } from '#adapters'
import { hostService, type ServiceHost } from '#host'
import { command, contract, event, type Service, service, sql, system, when } from '#model'
import type { Observe } from '#observe'
import { type IncomingRequest, isoMoment, nodeClock } from '#world'
import { serve } from '../method/child.ts'
import type { Sample } from '../method/bench.ts'
import { COMMANDS, EVENTS } from './points.ts'

const [, , sourceUrl = '', targetUrl = '', rowsText = '', edgesText = ''] = process.argv
const rows = Number(rowsText)
const edges = Number(edgesText)

/** Events that start the walk before the clock does. */
const WARM_EVENTS = 200
const SAMPLE_MS_MAX = 60_000
const SENDERS = 16

const Order = z.object({ orderId: z.string() })
const nowhere = sql({ migrations: new URL('file:///nowhere/') })

const orders = contract('orders', {
  placed: event({ payload: Order, key: ({ orderId }) => orderId }),
  cancelled: event({ payload: Order }),
})
const shipments = contract('shipments', {
  note: command({ input: Order, key: ({ orderId }) => orderId }),
})

const ordersService = service(orders, nowhere, { handle: {} })
const shipmentsService = service(shipments, nowhere, {
  handle: {
    note: async ({ tx, input }) => {
      await tx.query('insert into notes values ($1)', [input.orderId])
    },
  },
  when: [
    when(orders.placed, async ({ tx, event: order }) => {
      await tx.query('insert into shipments values ($1)', [order.orderId])
    }),
  ],
})

/** Others that subscribe to what is never emitted: their partitions are held and looked at all the same. */
const silent = Array.from({ length: edges - 1 }, (_, index) =>
  service(contract(`silent${index}`, {}), nowhere, {
    handle: {},
    when: [when(orders.cancelled, async () => {})],
  }),
)
const shop = system('bench', { services: [ordersService, shipmentsService, ...silent] })

/** An event that is older than a week is not delivered. */
const HEAD = {
  event: 'orders.placed',
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  time: isoMoment(nodeClock.wallMs()),
}

let effects = 0
let onEffect = (): void => {}
let lastOrder = 0
const world = nodeWorld(httpNetwork())
const origins = new Map<string, string>()
const observe: Observe = (fact) => {
  if (fact.fact === 'consumed' && !fact.duplicate) {
    effects += 1
    onEffect()
  }
  if (fact.fact === 'failed' || fact.fact === 'undelivered') console.error(fact)
}

const target = hostOf(
  shipmentsService,
  targetUrl,
  'create table shipments (order_id text not null); create table notes (order_id text not null)',
)
const { origin } = await world.network.listen({ host: '127.0.0.1', port: 0 }, target.handle)
origins.set(shipmentsService.name, origin)
await target.start()
// Its tables are made by its first start.
const first = hostOf(ordersService, sourceUrl, 'create table orders (id text)')
await first.start()
await first.drain()
const [source, inbox] = [await connected(sourceUrl), await connected(targetUrl)]
await keepInbox()

serve({ sample })

async function sample(): Promise<Sample> {
  await fillOutbox()
  return { ...(await drained()), ...(rows > 0 ? await claimed() : {}) }
}

/** Starts the relay and takes the time of the first events, with all others behind them. */
async function drained(): Promise<Sample> {
  const relaying = hostOf(ordersService, sourceUrl, 'create table orders (id text)')
  const start = effects
  await relaying.start()
  await until(start + WARM_EVENTS)
  const [from, startedMs, before] = [effects, performance.now(), process.cpuUsage()]
  await until(from + EVENTS)
  const count = effects - from
  const us = (performance.now() - startedMs) * 1_000
  const { user, system: kernel } = process.cpuUsage(before)
  await relaying.drain()
  return { drainUs: us / count, drainCpuUs: (user + kernel) / count }
}

async function claimed(): Promise<Sample> {
  const startedMs = performance.now()
  let sent = 0
  const sender = async (): Promise<void> => {
    while (sent < COMMANDS) {
      sent += 1
      lastOrder += 1
      // oxlint-disable-next-line no-await-in-loop -- a sender sends one after the other.
      const { status, body } = await target.handle(noting(`n${lastOrder}`))
      if (status !== 200 && status !== 204) throw new Error(new TextDecoder().decode(body))
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  return { claimUs: ((performance.now() - startedMs) * 1_000) / COMMANDS }
}

function hostOf(declared: Service, url: string, tables: string): ServiceHost {
  return hostService({
    service: declared,
    system: shop,
    world,
    connections: connectPostgres({ url, sessionsMax: SENDERS }),
    migrations: [{ number: 1, name: 'tables', sql: tables }],
    resolve: (name) => origins.get(name) ?? '',
    observe,
  })
}

async function until(count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const late = (): void => reject(new Error(`${count - effects} events are missing`))
  const timer = setTimeout(late, SAMPLE_MS_MAX)
  onEffect = () => {
    if (effects >= count) resolve()
  }
  onEffect()
  await promise.finally(() => clearTimeout(timer))
}

/** Fills up to the rows that wait: at least what the sample takes. They go to the partition of their id. */
async function fillOutbox(): Promise<void> {
  const wanted = Math.max(rows, 2 * (WARM_EVENTS + EVENTS))
  const { rows: found } = await source.query<{ n: string }>('select count(*) as n from hf.outbox')
  await source.query(
    `insert into hf.outbox (edge, part, id, key, body, head)
     select 'orders>shipments', n % 4, gen_random_uuid()::text, 'k' || n,
       jsonb_build_object('orderId', 'o' || n), $2::jsonb
     from generate_series(1, $1::int) as n`,
    [Math.max(0, wanted - Number(found[0]?.n)), JSON.stringify(HEAD)],
  )
  await settled(source, 'hf.outbox')
}

async function keepInbox(): Promise<void> {
  await inbox.query(
    `insert into hf.inbox (scope, id, status, reply)
     select 'call:shipments.note:bench', 'kept' || n, 200, '{}' from generate_series(1, $1::int) as n`,
    [rows],
  )
  await settled(inbox, 'hf.inbox')
}

/** What was written in bulk is tidied and on the disk: the server must not do it while it is timed. */
async function settled(client: Client, table: string): Promise<void> {
  await client.query(`vacuum analyze ${table}`)
  await client.query('checkpoint')
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url })
  await client.connect()
  return client
}

function noting(orderId: string): IncomingRequest {
  const body = new TextEncoder().encode(JSON.stringify({ orderId }))
  return {
    method: 'POST',
    path: '/shipments/note',
    headers: { 'content-type': 'application/json' },
    readBody: async () => body,
    signal: new AbortController().signal,
  }
}
