/**
 * `growth`: does memory stay flat over millions of calls? The same two processes as in `call`, which are
 * asked a fixed number of times in each round; their heaps are counted after a collection.
 *
 * Resident memory is shown beside the heap, because what is held outside it (sockets, buffers, compiled
 * code) fills a machine as well.
 */
import type { Bench, Opened, Role, Sample, Subject } from '../method/bench.ts'
import { type Child, startChild } from '../method/child.ts'

const SERVER = new URL('../call/server.ts', import.meta.url)
const CLIENT = new URL('../call/client.ts', import.meta.url)
const COLLECTING = ['--expose-gc']

/** Two million in five rounds; the round that warms up makes as many again. */
const CALLS = 400_000
const FAILED_SHARE_MAX = 0.001
const MIB = 1_048_576

const subjects: readonly (readonly [string, Role])[] = [
  ['framed socket, by hand', 'floor'],
  ['moleculer (TCP, policies)', 'peer'],
  ['holdfast', 'holdfast'],
]

/** The bench of what stays behind after a call. */
export const growth: Bench = {
  name: 'growth',
  question: `${CALLS.toLocaleString('en-US')} calls in each round (two million in five), one process after them as before them`,
  measures: [
    {
      name: 'rssMib',
      unit: 'MiB resident after the calls of a round, both sides',
      better: 'less',
      isCompared: true,
    },
    {
      name: 'heapMib',
      unit: 'MiB of heap after a collection, both sides',
      better: 'less',
      isCompared: true,
    },
    {
      name: 'bytes',
      unit: 'bytes of heap gained for each call since the first round',
      better: 'less',
      isCompared: false,
    },
    {
      name: 'calls',
      unit: 'calls made until the middle round, with those that warmed up',
      better: 'more',
      isCompared: false,
    },
  ],
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

async function open(name: string): Promise<Opened> {
  const server = await startChild(SERVER, [name], COLLECTING)
  try {
    const { port = 0 } = await server.ask('port')
    const client = await startChild(CLIENT, [name, String(port)], COLLECTING)
    const tally = new Tally()
    return {
      sample: async () => tally.add(await afterCalls(server, client)),
      async close() {
        await Promise.all([server.end(), client.end()])
      },
    }
  } catch (error) {
    await server.end()
    throw error
  }
}

async function afterCalls(server: Child, client: Child): Promise<Memory> {
  const asking = await client.ask('repeat', CALLS)
  const failed = asking['failed'] ?? 0
  if (failed > CALLS * FAILED_SHARE_MAX) throw new Error(`${failed} of ${CALLS} calls failed`)
  const answering = await server.ask('held')
  const both = (what: string): number =>
    (asking[what] ?? Number.NaN) + (answering[what] ?? Number.NaN)
  return { heapMib: both('heapMib'), rssMib: both('rssMib') }
}

interface Memory {
  readonly heapMib: number
  readonly rssMib: number
}

/** What was made, and what the heap was when everything had been compiled and every pool was full. */
class Tally {
  #calls = 0
  #first: { readonly heapMib: number; readonly calls: number } | undefined

  add({ heapMib, rssMib }: Memory): Sample {
    this.#calls += CALLS
    this.#first ??= { heapMib, calls: this.#calls }
    const since = this.#calls - this.#first.calls
    const bytes = ((heapMib - this.#first.heapMib) * MIB) / since
    return { heapMib, rssMib, calls: this.#calls, bytes }
  }
}
