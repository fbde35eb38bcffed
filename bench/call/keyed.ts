/**
 * The same operation as a command with a key, on a real PostgreSQL: its effect is claimed and its answer
 * kept in one transaction. Asked again under the same key, the kept answer is sent.
 *
 * The peers have no row beside this one: none of them keeps answers.
 */
import { z } from 'zod'
import { connectPostgres, httpNetwork, nodeWorld } from '#adapters'
import { standaloneCaller } from '#edge'
import { hostService } from '#host'
import { command, contract, edge, service, sql, system } from '#model'
import { question } from './echo.ts'

const keyed = contract('keyed', {
  call: command({
    input: z.object({ id: z.string(), n: z.int(), items: z.array(z.string()), note: z.string() }),
    output: z.object({ ok: z.boolean(), id: z.string(), n: z.int(), count: z.int() }),
    key: ({ id }) => id,
  }),
})

const SESSIONS_MAX = 16
const IN_FLIGHT_MAX = 256

/** Serves the command from this database on a free port, which it gives. */
export async function serveKeyed(url: string): Promise<number> {
  const answering = service(keyed, sql({ migrations: new URL('file:///nowhere/') }), {
    handle: {
      call: async ({ input: { id, n, items } }) => ({
        ok: true,
        id,
        n: n + 1,
        count: items.length,
      }),
    },
  })
  const world = nodeWorld(httpNetwork())
  const host = hostService({
    service: answering,
    system: system('bench', { services: [answering] }),
    world,
    connections: connectPostgres({ url, sessionsMax: SESSIONS_MAX }),
    migrations: [],
    resolve: () => '',
    observe: () => {},
  })
  await host.start()
  const { origin } = await world.network.listen({ host: '127.0.0.1', port: 0 }, host.handle)
  return Number(new URL(origin).port)
}

/** The call of the command, each time under another key or always under one. */
export function callKeyed(port: number, keys: 'new' | 'same'): () => Promise<unknown> {
  const governed = edge(keyed, {
    deadline: '5s',
    concurrency: IN_FLIGHT_MAX,
    ops: { call: { retry: 2 } },
  })
  const call = standaloneCaller({
    world: nodeWorld(httpNetwork()),
    resolve: () => `http://127.0.0.1:${port}`,
    name: 'bench',
  })
  let calls = 0
  return () => {
    if (keys === 'same') return call(governed.call, question)
    calls += 1
    return call(governed.call, { ...question, id: `order-${calls}` })
  }
}
