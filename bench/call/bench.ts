/**
 * `call`: one small JSON question and its answer between two processes over loopback, with 1, 32 and
 * 256 callers at once.
 *
 * The processor's time of both processes is the headline: it does not move with what else the machine
 * does, and it is what a fleet is paid for.
 */
import type { Bench, Measure, Opened, Role, Sample, Subject } from '../method/bench.ts'
import { type Child, startChild } from '../method/child.ts'

const SERVER = new URL('./server.ts', import.meta.url)
const CLIENT = new URL('./client.ts', import.meta.url)

/** How many callers at once; the headline is that of the middle. */
const CALLERS = [1, 32, 256] as const
const SAMPLE_MS = 500

const subjects: readonly (readonly [string, Role])[] = [
  ['framed socket, by hand', 'floor'],
  ['node:http + undici', 'peer'],
  ['fastify + undici', 'peer'],
  ['hono + undici', 'peer'],
  ['moleculer (TCP)', 'peer'],
  ['moleculer (TCP, policies)', 'peer'],
  ['holdfast', 'holdfast'],
  ['holdfast over HTTP', 'variant'],
]

/** The bench of the call edge. */
export const call: Bench = {
  name: 'call',
  question: 'one small JSON call between two processes over loopback',
  measures: [
    cpu(32),
    rate(32),
    ...tails(32),
    cpu(1),
    rate(1),
    ...tails(1),
    cpu(256),
    rate(256),
    ...tails(256),
  ],
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

function cpu(callers: number): Measure {
  const unit = `µs of CPU per call of both sides, ${callers} at once`
  return { name: `cpu${callers}`, unit, better: 'less', isCompared: true }
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

async function open(name: string): Promise<Opened> {
  const server = await startChild(SERVER, [name])
  try {
    const { port = 0 } = await server.ask('port')
    const client = await startChild(CLIENT, [name, String(port)])
    return {
      sample: () => sample(server, client),
      async close() {
        await Promise.all([server.end(), client.end()])
      },
    }
  } catch (error) {
    await server.end()
    throw error
  }
}

async function sample(server: Child, client: Child): Promise<Sample> {
  const parts: Sample[] = []
  for (const callers of CALLERS) {
    // oxlint-disable-next-line no-await-in-loop -- one load at a time.
    parts.push(await underLoad(server, client, callers))
  }
  return Object.assign({}, ...parts)
}

async function underLoad(server: Child, client: Child, callers: number): Promise<Sample> {
  const before = await server.ask('cpu')
  const { done = 0, failed = 0, us = 0, ...took } = await client.ask('run', callers, SAMPLE_MS)
  const after = await server.ask('cpu')
  return {
    [`cpu${callers}`]: (us + (after['us'] ?? 0) - (before['us'] ?? 0)) / done,
    [`rate${callers}`]: took['rate'] ?? Number.NaN,
    [`p50${callers}`]: took['p50'] ?? Number.NaN,
    [`p99${callers}`]: took['p99'] ?? Number.NaN,
    [`failed${callers}`]: (100 * failed) / (done + failed),
  }
}
