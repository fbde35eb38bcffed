/**
 * The same operation in Holdfast: a query whose input and output are validated on both sides.
 *
 * It has no database, because the peers have none: transactions begin and end here without anything in
 * between. What remains is the call: both pipelines, with deadline, trace, context and validation.
 */
import { z } from 'zod'
import { httpNetwork, nodeWorld } from '#adapters'
import { server, standaloneCaller } from '#edge'
import { contract, edge, query, type Rows, service, sql, system } from '#model'
import type { Database, Transaction } from '#state'

const echo = contract('echo', {
  call: query({
    input: z.object({ id: z.string(), n: z.int(), items: z.array(z.string()), note: z.string() }),
    output: z.object({ ok: z.boolean(), id: z.string(), n: z.int(), count: z.int() }),
  }),
})

/** As many callers at once as the bench has. */
const IN_FLIGHT_MAX = 256

/** The question that every subject asks. */
export const question = {
  id: 'order-000123',
  n: 42,
  items: ['alpha', 'beta', 'gamma'],
  note: 'the quick brown fox jumps over the lazy dog, twice',
}

const nothing = async <Row>(): Promise<Rows<Row>> => ({ rows: [], rowCount: 0 })

const transaction: Transaction = {
  query: nothing,
  script: async () => {},
  beforeCommit: () => {},
  savepoint: async (work) => (await work()).value,
}

const noDatabase: Database = {
  exclusive: true,
  query: nothing,
  transaction: async (_options, work) => work(transaction),
  close: async () => {},
}

/** Serves the operation on a free port, which it gives. */
export async function serveEcho(): Promise<number> {
  const echoing = service(echo, sql({ migrations: new URL('file:///nowhere/') }), {
    handle: {
      call: ({ input }) => ({
        ok: true,
        id: input.id,
        n: input.n + 1,
        count: input.items.length,
      }),
    },
  })
  const world = nodeWorld(httpNetwork())
  const { handle } = server({
    service: echoing,
    system: system('bench', { services: [echoing] }),
    world,
    database: noDatabase,
    resolve: () => '',
    observe: () => {},
    wake: () => {},
  })
  const { origin } = await world.network.listen({ host: '127.0.0.1', port: 0 }, handle)
  return Number(new URL(origin).port)
}

/** The call of the operation over an edge. */
export function callEcho(
  port: number,
  transport: 'session' | 'http' = 'session',
): () => Promise<unknown> {
  // A call as a user declares it: with a deadline, and tried again where that may help.
  const governed = edge(echo, {
    deadline: '5s',
    concurrency: IN_FLIGHT_MAX,
    transport,
    ops: { call: { retry: 2 } },
  })
  const call = standaloneCaller({
    world: nodeWorld(httpNetwork()),
    resolve: () => `http://127.0.0.1:${port}`,
    name: 'bench',
  })
  return () => call(governed.call, question)
}
