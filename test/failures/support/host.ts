/**
 * Payments, hosted as in production on a real PostgreSQL that can be turned read-only and back.
 */
import { hostService, type ServiceHost } from '#host'
import type { Connections } from '#state'
import { nodeClock, nodeRandom, nodeTimers, type World } from '#world'
import { postgres } from '../../support/databases.ts'
import { ManualNetwork } from '../../support/manual-world.ts'
import { paymentsService, paymentsSystem, paymentsTables } from '../../support/payments.ts'

/** A host in the hand of a test. */
export interface OpenHost {
  send(method: string, path: string, body?: unknown): Promise<Answered>
  /** Lets the database refuse writes from now on, or take them again. */
  turn(to: 'read only' | 'writable'): Promise<void>
  /** What a health check finds that only asks the database a question. */
  probeByReading(): Promise<boolean>
  /** How many charges were made. */
  charges(): Promise<number>
  /** Lets time pass for the host. */
  pass(ms: number): void
  close(): Promise<void>
}

/** An answer, read. */
export interface Answered {
  readonly status: number
  readonly json: Readonly<Record<string, unknown>>
}

/** Starts it. */
export async function openHost(): Promise<OpenHost> {
  const connections = await postgres.fresh()
  const service = paymentsService()
  let passedMs = 0
  // The database works in real time. The host's clock stands still, or it would shed load on a slow
  // machine.
  const world: World = {
    clock: { monotonicMs: () => passedMs, wallMs: () => nodeClock.wallMs() },
    timers: nodeTimers,
    random: nodeRandom,
    network: new ManualNetwork(),
  }
  const host = hostService({
    service,
    system: paymentsSystem(service),
    world,
    connections,
    migrations: [{ number: 1, name: 'tables', sql: paymentsTables }],
    resolve: (target) => `http://${target}:1`,
    observe: () => undefined,
  })
  await host.start()
  return {
    send: async (method, path, body) => send(host, { method, path, body }),
    turn: async (to) => turn(connections, to),
    probeByReading: async () => (await rowOf(connections, 'select true as up'))['up'] === true,
    charges: async () =>
      Number((await rowOf(connections, 'select count(*) as n from charge'))['n']),
    pass: (ms) => {
      passedMs += ms
    },
    close: async () => host.drain(),
  }
}

/** As a fail-over does it: open sessions end, and whoever connects again finds a replica. */
async function turn(connections: Connections, to: 'read only' | 'writable'): Promise<void> {
  const value = to === 'read only' ? 'on' : 'off'
  const { name } = await rowOf(connections, 'select current_database() as name')
  await rowOf(connections, 'set default_transaction_read_only = off')
  await rowOf(
    connections,
    `alter database ${String(name)} set default_transaction_read_only = ${value}`,
  )
  await rowOf(
    connections,
    `select count(pg_terminate_backend(pid)) from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid()`,
  )
  await rowOf(connections, `set default_transaction_read_only = ${value}`)
}

async function rowOf(connections: Connections, text: string): Promise<Record<string, unknown>> {
  const connection = await connections.acquire(1_000)
  const { rows } = await connection.query(text)
  connection.release({ broken: false })
  return rows[0] ?? {}
}

async function send(
  host: ServiceHost,
  {
    method,
    path,
    body,
  }: { readonly method: string; readonly path: string; readonly body: unknown },
): Promise<Answered> {
  const bytes = new TextEncoder().encode(body === undefined ? '' : JSON.stringify(body))
  const answer = await host.handle({
    method,
    path,
    headers: { 'content-type': 'application/json' },
    readBody: async () => bytes,
    signal: new AbortController().signal,
  })
  const json: unknown = JSON.parse(new TextDecoder().decode(answer.body))
  return { status: answer.status, json: Object.fromEntries(Object.entries(json ?? {})) }
}
