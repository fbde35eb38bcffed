/**
 * The same pipe in Holdfast: a command that emits, and a service that subscribes, each on its own
 * PostgreSQL database, joined by HTTP as they are in production.
 *
 * The command is given to the service without a network, because the peers' senders have none either.
 * `place` is what they do: an order and its event in one transaction. `placeOnce` has a key besides,
 * under which it is done once however often it is sent, and whose answer is kept.
 */
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import { connectPostgres, httpNetwork, nodeWorld } from '#adapters'
import { hostService, type ServiceHost } from '#host'
import {
  command,
  contract,
  type Emit,
  event,
  type Service,
  service,
  type SqlExecutor,
  sql,
  system,
  when,
} from '#model'
import type { Observe } from '#observe'
import type { IncomingRequest } from '#world'
import { SENDERS, SOURCE_TABLES, type StartPipe } from './pipe.ts'

const Order = z.object({ orderId: z.string() })
const nowhere = sql({ migrations: new URL('file:///nowhere/') })

const orders = contract('orders', {
  place: command({ input: Order }),
  placeOnce: command({ input: Order, key: ({ orderId }) => orderId }),
  placed: event({ payload: Order, key: ({ orderId }) => orderId }),
})

interface Placing {
  readonly tx: SqlExecutor
  readonly input: z.infer<typeof Order>
  readonly emit: Emit<typeof orders>
}

const place = async ({ tx, input, emit }: Placing): Promise<void> => {
  await tx.query("insert into orders values ($1, 'ada', 500)", [input.orderId])
  emit.placed(input)
}

const ordersService = service(orders, nowhere, { handle: { place, placeOnce: place } })

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

/** Starts both services, for one of the two commands. */
export const startHoldfast =
  (operation: 'place' | 'placeOnce'): StartPipe =>
  async (ends, onEffect) => {
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
    return { send: async (orderId) => send(source, operation, orderId) }
  }

/** An overloaded service refuses a part of what comes, and whoever sent it tries again. */
async function send(source: ServiceHost, operation: string, orderId: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other.
    const { status, body } = await source.handle(requestOf(operation, orderId))
    if (status === 200) return
    const words = new TextDecoder().decode(body)
    if (tries === TRIES_MAX || !words.includes('HF_OVERLOADED')) throw new Error(words)
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await setTimeout(tries)
  }
}

const TRIES_MAX = 50

function requestOf(operation: string, orderId: string): IncomingRequest {
  const body = new TextEncoder().encode(JSON.stringify({ orderId }))
  return {
    method: 'POST',
    path: `/orders/${operation}`,
    headers: { 'content-type': 'application/json' },
    readBody: async () => body,
    signal: new AbortController().signal,
  }
}
