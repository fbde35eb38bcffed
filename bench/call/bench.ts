/**
 * `call`: one small JSON question and its answer between two processes over loopback, with 1, 32 and
 * 256 callers at once.
 *
 * The processor's time of both processes is the headline: it does not move with what else the machine
 * does, and it is what a fleet is paid for.
 */
import type { Bench, Measure, Opened, Role, Sample, Subject } from '../method/bench.ts'
import { type Child, startChild } from '../method/child.ts'
import { startPostgres } from '../method/postgres.ts'

const SERVER = new URL('./server.ts', import.meta.url)
const CLIENT = new URL('./client.ts', import.meta.url)

/** How many callers at once; the first is the headline. */
const CALLERS = [32, 1, 256] as const
const SAMPLE_MS = 500

const subjects: readonly (readonly [string, Role])[] = [
  ['framed socket, by hand', 'floor'],
  ['node:http + undici', 'peer'],
  ['fastify + undici', 'peer'],
  ['hono + undici', 'peer'],
  ['orpc', 'peer'],
  ['trpc', 'peer'],
  ['connect', 'peer'],
  ['nestjs (TCP)', 'peer'],
  ['moleculer (TCP)', 'peer'],
  ['moleculer (TCP, policies)', 'peer'],
  ['holdfast', 'holdfast'],
  ['holdfast over HTTP', 'variant'],
  ['holdfast, with a key', 'variant'],
  ['holdfast, kept answer', 'variant'],
]

/** Who commits each call in a database; nobody waits for the others' one. */
const KEYED: ReadonlySet<string> = new Set(['holdfast, with a key', 'holdfast, kept answer'])

/** The bench of the call edge, with so many callers at once; the first is the headline. */
export async function call(loads: readonly [number, ...number[]] = CALLERS): Promise<Bench> {
  const [first, ...more] = loads
  const database = await startPostgres()
  return {
    name: 'call',
    question: 'one small JSON call between two processes over loopback',
    measures: [
      cpu(first),
      ...besides(first),
      ...more.flatMap((each) => [cpu(each), ...besides(each)]),
    ],
    subjects: subjects.map(([name, role], index): Subject => ({
      name,
      role,
      open: async () =>
        open(loads, name, KEYED.has(name) ? await database.fresh(`keyed_${index}`) : ''),
    })),
    close: () => database.stop(),
  }
}

/** What stands beside the headline of a load. */
function besides(callers: number): readonly Measure[] {
  return [calleeCpu(callers), rate(callers), ...tails(callers)]
}

function cpu(callers: number): Measure {
  const unit = `µs of CPU per call of both sides, ${callers} at once`
  return { name: `cpu${callers}`, unit, better: 'less', isCompared: true }
}

/** The rest of it is the caller's. */
function calleeCpu(callers: number): Measure {
  const unit = `µs of CPU per call of the side that answers, ${callers} at once`
  return { name: `callee${callers}`, unit, better: 'less', isCompared: false }
}

/** Shown only, as are the tails: on a machine that others use, they tell of the others. */
function rate(callers: number): Measure {
  const unit = `calls/s, ${callers} at once`
  return { name: `rate${callers}`, unit, better: 'more', isCompared: false }
}

function tails(callers: number): readonly Measure[] {
  return [
    { name: `p50${callers}`, unit: `µs until the median answer, ${callers} at once` },
    { name: `p99${callers}`, unit: `µs until the 99th percentile, ${callers} at once` },
    { name: `failed${callers}`, unit: `% of calls that failed, ${callers} at once` },
  ].map((each): Measure => ({ ...each, better: 'less', isCompared: false }))
}

async function open(loads: readonly number[], name: string, url: string): Promise<Opened> {
  const server = await startChild(SERVER, [name, url])
  try {
    const { port = 0 } = await server.ask('port')
    const client = await startChild(CLIENT, [name, String(port)])
    return {
      sample: () => sample(server, client, loads),
      async close() {
        await Promise.all([server.end(), client.end()])
      },
    }
  } catch (error) {
    await server.end()
    throw error
  }
}

async function sample(server: Child, client: Child, loads: readonly number[]): Promise<Sample> {
  const parts: Sample[] = []
  for (const callers of loads) {
    // oxlint-disable-next-line no-await-in-loop -- one load at a time.
    parts.push(await underLoad(server, client, callers))
  }
  return Object.assign({}, ...parts)
}

async function underLoad(server: Child, client: Child, callers: number): Promise<Sample> {
  const before = await server.ask('cpu')
  const { done = 0, failed = 0, us = 0, ...took } = await client.ask('run', callers, SAMPLE_MS)
  const after = await server.ask('cpu')
  const calleeUs = (after['us'] ?? 0) - (before['us'] ?? 0)
  return {
    [`cpu${callers}`]: (us + calleeUs) / done,
    [`callee${callers}`]: calleeUs / done,
    [`rate${callers}`]: took['rate'] ?? Number.NaN,
    [`p50${callers}`]: took['p50'] ?? Number.NaN,
    [`p99${callers}`]: took['p99'] ?? Number.NaN,
    [`failed${callers}`]: (100 * failed) / (done + failed),
  }
}
