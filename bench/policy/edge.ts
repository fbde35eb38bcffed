/**
 * The whole outgoing list of an edge over a network that answers at once: no data, no schema and no
 * sockets, so that what remains is the list itself.
 */
import { standaloneCaller } from '#edge'
import { contract, edge, query, type Schema } from '#model'
import { nodeClock, nodeRandom, nodeWheel, type WireResponse } from '#world'

const nothing: Schema<undefined> = {
  '~standard': { version: 1, vendor: 'bench', validate: () => ({ value: undefined }) },
}

const quick = contract('quick', { call: query({ input: nothing, output: nothing }) })

/** Retry, budget, breaker, bulkhead and deadline, as in the other rows. */
const governed = edge(quick, {
  deadline: '1s',
  concurrency: { inFlight: 32 },
  ops: { call: { retry: 2, breaker: {} } },
})

const empty: WireResponse = { status: 204, headers: {}, body: new Uint8Array() }

/** A call over the edge: trace, call id, deadline, headers and fact included. */
export function throughEdge(): () => Promise<unknown> {
  const call = standaloneCaller({
    world: {
      clock: nodeClock,
      timers: nodeWheel(),
      random: nodeRandom,
      network: {
        send: async () => empty,
        listen: () => Promise.reject(new Error('nobody listens here')),
      },
    },
    resolve: () => 'http://quick:1',
    name: 'bench',
  })
  return () => call(governed.call, undefined)
}
