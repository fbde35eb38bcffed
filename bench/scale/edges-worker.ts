/**
 * A system with many edges. Argument: how many. Half of the questions is what one command costs that emits
 * over one of them, and one call over one of them; the other half is what the map of all costs.
 *
 * There is no database and no socket, so that nothing hides the cost of looking an edge up.
 */
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { server, standaloneCaller } from '#edge'
import { mapOf } from '#map'
import {
  command,
  contract,
  edge,
  event,
  query,
  type Schema,
  service,
  sql,
  system,
  when,
} from '#model'
import type { Database, Transaction } from '#state'
import { type IncomingRequest, nodeClock, nodeRandom, nodeWheel, type WireResponse } from '#world'
import { serve } from '../method/child.ts'

const edges = Number(process.argv[2])

const CALLS = 5_000
const WARM_CALLS = 5_000
const TRIES_MAX = 50
/** A loop that never turns looks overloaded. */
const CALLS_PER_TURN = 20
const MAPS_MAX = 20
/** So many edges are mapped in one sample, in one map or in several. */
const MAPPED = 1_000

const nothing: Schema<undefined> = {
  '~standard': { version: 1, vendor: 'bench', validate: () => ({ value: undefined }) },
}
const nowhere = sql({ migrations: new URL('file:///nowhere/') })
const hub = contract('hub', {
  place: command({ input: z.object({ n: z.int() }) }),
  placed: event({ payload: z.object({ n: z.int() }) }),
  cancelled: event({ payload: z.object({ n: z.int() }) }),
})

/** One in the middle hears what is emitted; all others would hear something else. */
const middle = Math.floor(edges / 2)
const leaves = Array.from({ length: edges }, (_, index) => {
  const leaf = contract(`leaf${index}`, { ask: query({ input: nothing, output: nothing }) })
  const heard = index === middle ? hub.placed : hub.cancelled
  const leafService = service(leaf, nowhere, {
    handle: { ask: async () => undefined },
    when: [when(heard, async () => {})],
  })
  return {
    leafService,
    arrow: edge(leaf, { deadline: '1s', ops: { ask: { retry: 2, breaker: {} } } }),
  }
})
const hubService = service(hub, nowhere, {
  uses: leaves.map(({ arrow }) => arrow),
  handle: { place: async ({ input, emit }) => emit.placed(input) },
})
const star = system('star', {
  services: [hubService, ...leaves.map(({ leafService }) => leafService)],
})

const empty: WireResponse = { status: 204, headers: {}, body: new Uint8Array() }
const world = {
  clock: nodeClock,
  timers: nodeWheel(),
  random: nodeRandom,
  network: {
    send: async () => empty,
    listen: () => Promise.reject(new Error('nobody listens here')),
  },
}

const executor = { query: async () => ({ rows: [], rowCount: 0 }), script: async () => {} }
const transaction: Transaction = {
  ...executor,
  beforeCommit: () => {},
  savepoint: async (work) => (await work()).value,
}
const database: Database = {
  exclusive: true,
  query: executor.query,
  transaction: async (_options, work) => work(transaction),
  close: async () => {},
}

const { handle } = server({
  service: hubService,
  system: star,
  world,
  database,
  resolve: () => '',
  observe: () => {},
  wake: () => {},
})
const caller = standaloneCaller({ world, resolve: () => 'http://leaf:1', name: 'hub' })
const arrows = leaves.map(({ arrow }) => arrow)

let next = 0
const ask = async (): Promise<void> => {
  next = (next + 1) % arrows.length
  const arrow = arrows[next]
  if (arrow !== undefined) await caller(arrow.ask, undefined)
}
/** A stall of the machine makes a service refuse for a moment; whoever was refused tries again. */
const emit = async (): Promise<void> => {
  for (let tries = 1; ; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after the other.
    const { status, body } = await handle(placing)
    if (status === 200 || status === 204) return
    if (status !== 503 || tries === TRIES_MAX) throw new Error(new TextDecoder().decode(body))
    // oxlint-disable-next-line no-await-in-loop -- as above.
    await pause(1)
  }
}

const bytes = new TextEncoder().encode('{"n":1}')
const placing: IncomingRequest = {
  method: 'POST',
  path: '/hub/place',
  headers: { 'content-type': 'application/json' },
  readBody: async () => bytes,
  signal: new AbortController().signal,
}

const maps = Math.min(MAPS_MAX, MAPPED / edges)
await repeated(ask, WARM_CALLS)
await repeated(emit, WARM_CALLS)

serve({
  async sample() {
    const callUs = await cpuOf(async () => repeated(ask, CALLS))
    const emitUs = await cpuOf(async () => repeated(emit, CALLS))
    const mapUs = await cpuOf(async () => {
      for (let n = 0; n < maps; n += 1) mapOf(star)
    })
    return { callUs: callUs / CALLS, emitUs: emitUs / CALLS, mapUs: mapUs / (maps * edges) }
  },
})

async function repeated(work: () => Promise<void>, times: number): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other is what is measured.
    await work()
    // oxlint-disable-next-line no-await-in-loop -- as above.
    if (n % CALLS_PER_TURN === 0) await turn()
  }
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.threadCpuUsage()
  await work()
  const { user, system: kernel } = process.threadCpuUsage(before)
  return user + kernel
}
