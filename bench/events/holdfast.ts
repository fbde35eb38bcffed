/**
 * The same pipe in Holdfast: a command that emits, and a service that subscribes, each on its own
 * PostgreSQL database, joined by HTTP as they are in production.
 *
 * The command is given to the service without a network, because the peers' senders have none either.
 */
import { z } from 'zod'
import { connectPostgres, httpNetwork, nodeWorld } from '#adapters'
import { hostService, type ServiceHost } from '#host'
import { command, contract, event, type Service, service, sql, system, when } from '#model'
import type { Observe } from '#observe'
import type { IncomingRequest } from '#world'
import { type Ends, type Pipe, SENDERS, SOURCE_TABLES } from './pipe.ts'

const Order = z.object({ orderId: z.string() })
const nowhere = sql({ migrations: new URL('file:///nowhere/') })

const orders = contract('orders', {
  place: command({ input: Order, key: ({ orderId }) => orderId }),
  placed: event({ payload: Order, key: ({ orderId }) => orderId }),
})

const ordersService = service(orders, nowhere, {
  handle: {
    place: async ({ tx, input, emit }) => {
      await tx.query("insert into orders values ($1, 'ada', 500)", [input.orderId])
      emit.placed(input)
    },
  },
})

const shipments = contract('shipments', {})

const shipmentsService = service(shipments, nowhere, {
  handle: {},
  when: [
    when(orders.placed, async ({ tx, event: order }) => {
      await tx.query('insert into shipments values ($1)', [order.orderId])
    }),
  ],
})

const shop = system('bench', { services: [ordersService, shipmentsService] })

/** Starts both services. */
export async function startHoldfast(ends: Ends, onEffect: () => void): Promise<Pipe> {
  const world = nodeWorld(httpNetwork())
  const origins = new Map<string, string>()
  const observe: Observe = (fact) => {
    if (fact.fact === 'consumed' && !fact.duplicate) onEffect()
    if (fact.fact === 'failed' || fact.fact === 'undelivered') console.error(fact)
  }
  const run = async (declared: Service, url: string, tables: string): Promise<ServiceHost> => {
    const host = hostService({
      service: declared,
      system: shop,
      world,
      connections: connectPostgres({ url, sessionsMax: SENDERS }),
      migrations: [{ number: 1, name: 'tables', sql: tables }],
      resolve: (target) => origins.get(target) ?? '',
      observe,
    })
    const { origin } = await world.network.listen({ host: '127.0.0.1', port: 0 }, host.handle)
    origins.set(declared.name, origin)
    await host.start()
    return host
  }
  await run(shipmentsService, ends.target, 'create table shipments (order_id text not null)')
  const source = await run(ordersService, ends.source, SOURCE_TABLES)
  return { send: async (orderId) => place(source, orderId) }
}

async function place(source: ServiceHost, orderId: string): Promise<void> {
  const { status, body } = await source.handle(requestOf(orderId))
  if (status !== 200) throw new Error(`${status}: ${new TextDecoder().decode(body)}`)
}

function requestOf(orderId: string): IncomingRequest {
  const body = new TextEncoder().encode(JSON.stringify({ orderId }))
  return {
    method: 'POST',
    path: '/orders/place',
    headers: { 'content-type': 'application/json', 'idempotency-key': `"${orderId}"` },
    readBody: async () => body,
    signal: new AbortController().signal,
  }
}
