/**
 * Health: is the process alive, and can it do its work?
 *
 * `/livez` says that the event loop answers; it never asks the database, or an outage of the database
 * would restart every process that waits for it. `/readyz` writes a row, because a database that
 * fell back to read-only still answers `select 1` (F4 of the pitfalls); it says which half is down.
 *
 * Invariants:
 *   L1. At most one probe runs at a time and its result is kept for a second, so that probing cannot
 *       become load.
 */
import { isHoldfastError } from '#errors'
import type { Database } from '#state'
import type { IncomingRequest, WireResponse, World } from '#world'

/** Where a host is in its life. */
export type Phase = 'starting' | 'ready' | 'draining' | 'stopped'

/** What `/readyz` answers. */
export interface Readiness {
  readonly ready: boolean
  readonly phase: Phase
  readonly reads: 'up' | 'down'
  readonly writes: 'up' | 'down'
  /** Code of the failure, where there is one. */
  readonly code?: string
}

/** The health of one service. */
export interface Health {
  readiness(): Promise<Readiness>
  /** Answers `/livez`, `/readyz`, and everything before the service is ready; `undefined` otherwise. */
  answer(request: IncomingRequest): Promise<WireResponse | undefined>
}

const PROBE_TIMEOUT_MS = 1_000
const PROBE_KEPT_MS = 1_000

/** The health of a service in `phase()`. */
export function health(database: Database, world: World, phase: () => Phase): Health {
  let kept:
    | { readonly atMs: number; readonly result: Promise<Omit<Readiness, 'phase'>> }
    | undefined
  const readiness = async (): Promise<Readiness> => {
    const now = world.clock.monotonicMs()
    if (phase() !== 'ready') return { ready: false, phase: phase(), reads: 'down', writes: 'down' }
    if (kept === undefined || now - kept.atMs > PROBE_KEPT_MS) {
      kept = { atMs: now, result: probe(database) }
    }
    return { ...(await kept.result), phase: phase() }
  }
  const answer = async ({ path }: IncomingRequest): Promise<WireResponse | undefined> => {
    if (path === '/livez') return json(200, { alive: true, phase: phase() })
    if (path === '/readyz') {
      const result = await readiness()
      return json(result.ready ? 200 : 503, result)
    }
    return phase() === 'starting' || phase() === 'stopped' ? notReady(phase()) : undefined
  }
  return { readiness, answer }
}

async function probe(database: Database): Promise<Omit<Readiness, 'phase'>> {
  try {
    await database.query(
      `insert into hf.lease (name, token, holder, expires_at) values ('beat', 0, '', clock_timestamp())
       on conflict (name) do update set expires_at = clock_timestamp()`,
      [],
      { timeoutMs: PROBE_TIMEOUT_MS },
    )
    return { ready: true, reads: 'up', writes: 'up' }
  } catch (error) {
    const code = isHoldfastError(error) ? error.code : 'HF_DB_UNREACHABLE'
    return { ready: false, reads: await reads(database), writes: 'down', code }
  }
}

async function reads(database: Database): Promise<'up' | 'down'> {
  try {
    await database.query('select 1', [], { timeoutMs: PROBE_TIMEOUT_MS })
    return 'up'
  } catch {
    // Which half is down is the whole answer here; the write's failure already named the cause.
    return 'down'
  }
}

function notReady(phase: Phase): WireResponse {
  const problem = {
    type: 'https://holdfast.dev/errors/HF_DRAINING',
    title: phase === 'starting' ? 'the service is starting' : 'the service has stopped',
    status: 503,
    code: 'HF_DRAINING',
    effect: 'none',
  }
  const answer = json(503, problem)
  return {
    ...answer,
    headers: {
      'content-type': 'application/problem+json',
      'retry-after': '1',
      'cache-control': 'no-store',
    },
  }
}

function json(status: number, value: unknown): WireResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
    body: new TextEncoder().encode(JSON.stringify(value)),
  }
}
