/**
 * The hot paths: what runs once for each call, event or simulated step, each with a load that does nothing
 * else. Both sides of a path run in this process, so that one profile has the whole way.
 */
import { randomUUID } from 'node:crypto'
import { simulate } from 'holdfast/sim'
import { scenario } from '../../examples/market/market.sim.ts'
import { market } from '../../examples/market/system.ts'
import { callEcho, serveEcho } from '../call/echo.ts'
import { callKeyed, serveKeyed } from '../call/keyed.ts'
import { startHoldfast } from '../events/holdfast.ts'
import { SENDERS } from '../events/pipe.ts'
import type { Load } from '../method/profile.ts'
import { startPostgres } from '../method/postgres.ts'
import { throughEdge } from '../policy/edge.ts'

/** One path that is ready to be loaded. */
export interface Ready {
  /** What is counted. */
  readonly what: string
  readonly load: Load
}

const CALLERS = 32

/** Makes each path ready, by its name. */
export const paths: Readonly<Record<string, () => Promise<Ready>>> = {
  policy: async () => ({ what: 'call', load: closedLoop(throughEdge(), 1) }),
  session: async () => calling('session'),
  http: async () => calling('http'),
  key: async () => {
    const server = await startPostgres()
    const call = callKeyed(await serveKeyed(await server.fresh('keyed')), 'new')
    return { what: 'command', load: closedLoop(call, CALLERS) }
  },
  event: async () => {
    const server = await startPostgres()
    const ends = { source: await server.fresh('source'), target: await server.fresh('target') }
    const pipe = await startHoldfast('place')(ends, () => {})
    return { what: 'event', load: closedLoop(async () => pipe.send(randomUUID()), SENDERS) }
  },
  simulation: async () => {
    let seed = 0
    const oneSeed = async (): Promise<void> => {
      seed += 1
      await simulate(market, { ...scenario, seeds: [seed] })
    }
    return { what: 'seed of the market', load: closedLoop(oneSeed, 1) }
  },
}

async function calling(transport: 'session' | 'http'): Promise<Ready> {
  return { what: 'call', load: closedLoop(callEcho(await serveEcho(), transport), CALLERS) }
}

/** So many callers, each of whom asks again when it was answered. */
function closedLoop(call: () => Promise<unknown>, callers: number): Load {
  return async (ms) => {
    const endMs = performance.now() + ms
    let done = 0
    const caller = async (): Promise<void> => {
      while (performance.now() < endMs) {
        // oxlint-disable-next-line no-await-in-loop -- a caller asks again when it was answered.
        await call()
        done += 1
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    return done
  }
}
