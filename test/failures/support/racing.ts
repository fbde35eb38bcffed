/**
 * A consumer with two instances, and the two ways in which it may find out whether a message is new.
 *
 * By hand it looks first and acts then. Declared, Holdfast inserts the inbox row first. Neither
 * instance knows of the other but by the database.
 */
import assert from 'node:assert/strict'
import {
  contract,
  service,
  type Service,
  sql,
  type SqlExecutor,
  system,
  type System,
  when,
} from '#model'
import type { Database } from '#state'
import type { WireResponse } from '#world'
import { CLOUD_EVENT, writeEnvelope } from '../../../src/edge/event/envelope.ts'
import { receive } from '../../../src/edge/event/receive.ts'
import { eventSystem, incoming, manualWorld, orders, siteOf } from '../../support/event-world.ts'

/** What happens between the instance's act and its commit. */
export type BeforeCommit = (tx: SqlExecutor) => Promise<void>

/** A place where two wait for each other. */
export function bothLooked(): () => Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let waiting = 0
  return async () => {
    waiting += 1
    if (waiting === 2) resolve()
    await promise
  }
}

/** Takes message `n` as most consumers do: looks whether it is new, then acts. */
export async function takingByHand(
  database: Database,
  n: number,
  looked: () => Promise<void>,
): Promise<void> {
  await database.transaction({ timeoutMs: 5_000 }, async (tx) => {
    const { rowCount } = await tx.query('select 1 from seen where n = $1', [n])
    await looked()
    if (rowCount === 0) await tx.query("insert into seen (key, n) values ('k', $1)", [n])
  })
}

/** Looks at the locks of a database that somebody waits for, at most this often. */
const LOOKS_MAX = 5_000

/** Ends as soon as the other instance stands at a lock that this one holds. */
export const isMet: BeforeCommit = async (tx) => {
  const waiting = `
    select 1 from pg_locks where not granted and pg_backend_pid() = any(pg_blocking_pids(pid))`
  for (let looks = 0; looks < LOOKS_MAX; looks += 1) {
    // oxlint-disable-next-line no-await-in-loop -- looks until it sees the other one.
    if ((await tx.query(waiting)).rowCount > 0) return
  }
  assert.fail(`the other instance did not come in ${LOOKS_MAX} looks`)
}

/** Gives message `n` to an instance of the declared consumer. */
export async function deliver(
  database: Database,
  n: number,
  beforeCommit: BeforeCommit,
): Promise<WireResponse> {
  const site = siteOf(consumer(beforeCommit), { world: manualWorld(), database })
  const message = {
    id: `message-${n}`,
    edge: 'orders>parcels',
    event: 'orders.placed',
    key: 'k',
    payload: { key: 'k', n },
    time: '2026-01-01T00:00:00.000Z',
    traceparent: '',
    attempt: 1,
  }
  return receive(site, incoming(writeEnvelope(message, 'orders'), { 'content-type': CLOUD_EVENT }))
}

function consumer(beforeCommit: BeforeCommit): {
  readonly service: Service
  readonly system: System
} {
  const parcels = service(
    contract('parcels', {}),
    sql({ migrations: new URL('file:///nowhere/') }),
    {
      handle: {},
      when: [
        when(orders.placed, async ({ tx, event }) => {
          await tx.query('insert into seen (key, n) values ($1, $2)', [event.key, event.n])
          await beforeCommit(tx)
        }),
      ],
    },
  )
  const { orders: source } = eventSystem()
  return { service: parcels, system: system('shop', { services: [source, parcels] }) }
}
