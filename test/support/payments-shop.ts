/**
 * Payments behind its `handle`, on one database for each engine that all tests of a process share.
 */
import { after } from 'node:test'
import type { Database } from '#state'
import { type DatabaseEngine, pglite } from './databases.ts'
import {
  type Behaviour,
  paymentsEmptied,
  paymentsService,
  paymentsSystem,
  paymentsTables,
} from './payments.ts'
import { type Sending, served, type Served, withTables } from './served.ts'

/** An order that is paid for. */
export const charge = { orderId: 'o1', cents: 500 }

/** The same as a request for a command whose key follows from its input. */
export const authorize = { path: '/payments/authorize', body: charge } as const

/** A request for the command whose key the caller chooses. */
export function paid(key: string, headers: Readonly<Record<string, string>> = {}): Sending {
  return { path: '/payments/pay', body: charge, headers: { 'idempotency-key': key, ...headers } }
}

const databases = new Map<DatabaseEngine, Database>()

/** The service on the engine's database, emptied. */
export async function paymentsShop(
  engine: DatabaseEngine = pglite,
  behaviour: Behaviour = {},
): Promise<Served> {
  const database = databases.get(engine) ?? (await withTables(engine, paymentsTables))
  databases.set(engine, database)
  await database.query(paymentsEmptied)
  const service = paymentsService(behaviour)
  return served(database, { service, system: paymentsSystem(service) })
}

after(() => Promise.all([...databases.values()].map((database) => database.close())))
