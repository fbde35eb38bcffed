/**
 * `overload`: a service that can do 200 things a second is asked for two, five and ten times as much.
 * How many are answered while the answer is still worth something?
 *
 * Shown, never compared: where others take the processor, even the floor reaches half of the capacity
 * in one round and all of it in the next.
 */
import type { Bench, Measure, Opened, Role, Sample, Subject } from '../method/bench.ts'
import { type Child, startChild } from '../method/child.ts'
import { CAPACITY, DEADLINE_MS } from './load.ts'

const SERVER = new URL('./server.ts', import.meta.url)
const CLIENT = new URL('./client.ts', import.meta.url)
const FACTORS = [2, 5, 10] as const

const subjects: readonly (readonly [string, Role])[] = [
  ['hand-written', 'floor'],
  ['fastify', 'peer'],
  ['fastify + cockatiel', 'peer'],
  ['moleculer', 'peer'],
  ['holdfast', 'holdfast'],
]

/** The bench of what is done when there is too much to do. */
export const overload: Bench = {
  name: 'overload',
  question: `capacity ${CAPACITY}/s, callers who wait ${DEADLINE_MS} ms, up to three attempts`,
  measures: [goodput(5), goodput(2), goodput(10), attempts(5), attempts(2), attempts(10)],
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

function goodput(factor: number): Measure {
  const unit = `answers in time each second, at ${factor} times the capacity`
  return { name: `goodput${factor}`, unit, better: 'more', isCompared: false }
}

function attempts(factor: number): Measure {
  const unit = `attempts for each call, at ${factor} times the capacity`
  return { name: `attempts${factor}`, unit, better: 'less', isCompared: false }
}

/** Every sample has processes of its own: what an overload left behind is nobody else's. */
async function open(name: string): Promise<Opened> {
  await (await startChild(SERVER, [name])).end()
  return { sample: () => sample(name), close: async () => {} }
}

async function sample(name: string): Promise<Sample> {
  const parts: Sample[] = []
  for (const factor of FACTORS) {
    // oxlint-disable-next-line no-await-in-loop -- one load at a time.
    parts.push(await overloaded(name, factor))
  }
  return Object.assign({}, ...parts)
}

async function overloaded(name: string, factor: number): Promise<Sample> {
  const children: Child[] = []
  try {
    const server = await startChild(SERVER, [name])
    children.push(server)
    const { port = 0 } = await server.ask('port')
    const client = await startChild(CLIENT, [name, String(port)])
    children.push(client)
    const found = await client.ask('offer', factor * CAPACITY)
    return {
      [`goodput${factor}`]: found['goodput'] ?? Number.NaN,
      [`attempts${factor}`]: found['attempts'] ?? Number.NaN,
    }
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}
