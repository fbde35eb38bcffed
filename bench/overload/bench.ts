/**
 * `overload`: a service is asked for half of what it can do, all of it, two, five and ten times as much.
 * How many are answered while the answer is still worth something, and how soon is it over?
 *
 * Shown, never compared: where others take the processor, even the floor reaches half of the capacity
 * in one round and all of it in the next.
 */
import type { Bench, Measure, Opened, Role, Sample, Subject } from '../method/bench.ts'
import { type Child, startChild } from '../method/child.ts'
import { CAPACITIES, DEADLINE_MS } from './load.ts'

const SERVER = new URL('./server.ts', import.meta.url)
const CLIENT = new URL('./client.ts', import.meta.url)

/** Ten times 800/s is more than a client on two processors can offer, so it would be no overload. */
const FACTORS: Readonly<Record<Capacity, readonly [number, ...number[]]>> = {
  200: [2, 5, 10, 1, 0.5],
  800: [2, 5],
  100: [2, 5, 10],
}

/** After the worst of them half of the capacity is offered again, and counted from 1.4 s on. */
const LOAD = [500, 1_000] as const
const CALM = [1_400, 800] as const

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
  question: `capacity ${CAPACITIES.join(' and ')}/s, callers who wait ${DEADLINE_MS} ms, up to three attempts`,
  measures: [...measuresAt(200), ...measuresAt(800), ...measuresAt(100)],
  isFresh: true,
  rounds: 3,
  subjects: subjects.map(([name, role]): Subject => ({ name, role, open: () => open(name) })),
}

type Capacity = (typeof CAPACITIES)[number]

function measuresAt(capacity: Capacity): readonly [Measure, ...Measure[]] {
  const factors = FACTORS[capacity]
  const [first, ...more] = factors
  return [
    goodput(capacity, first),
    ...more.map((factor) => goodput(capacity, factor)),
    possible(capacity),
    recovery(capacity),
    ...factors.map((factor) => attempts(capacity, factor)),
    ...factors.map((factor) => lag(capacity, factor)),
  ]
}

function goodput(capacity: number, factor: number): Measure {
  const unit = `answers in time each second, at ${factor} times ${capacity}/s`
  return { name: `goodput${capacity}x${factor}`, unit, better: 'more', isCompared: false }
}

/** What is called 200/s can do less: a timer of 10 ms takes longer, and others take the processor. */
function possible(capacity: number): Measure {
  const unit = `calls each second that ${capacity}/s really were, without any load`
  return { name: `possible${capacity}`, unit, better: 'more', isCompared: false }
}

function recovery(capacity: Capacity): Measure {
  const unit = `share answered in time at half of ${capacity}/s, 1.4 to 2.2 s after ${worst(capacity)} times`
  return { name: `recovery${capacity}`, unit, better: 'more', isCompared: false }
}

function attempts(capacity: number, factor: number): Measure {
  const unit = `attempts for each call, at ${factor} times ${capacity}/s`
  return { name: `attempts${capacity}x${factor}`, unit, better: 'less', isCompared: false }
}

function lag(capacity: number, factor: number): Measure {
  const unit = `ms that the load generator was late at worst, at ${factor} times ${capacity}/s`
  return { name: `lag${capacity}x${factor}`, unit, better: 'less', isCompared: false }
}

/** Every sample has processes of its own: what an overload left behind is nobody else's. */
async function open(name: string): Promise<Opened> {
  await (await startChild(SERVER, [name, String(CAPACITIES[0])])).end()
  return { sample: () => sample(name), close: async () => {} }
}

async function sample(name: string): Promise<Sample> {
  const parts: Sample[] = []
  for (const capacity of CAPACITIES) {
    for (const factor of FACTORS[capacity]) {
      // oxlint-disable-next-line no-await-in-loop -- one load at a time.
      parts.push(await overloaded(name, capacity, factor))
    }
  }
  return Object.assign({}, ...parts)
}

function worst(capacity: Capacity): number {
  return Math.max(...FACTORS[capacity])
}

async function overloaded(name: string, capacity: Capacity, factor: number): Promise<Sample> {
  const children: Child[] = []
  try {
    const server = await startChild(SERVER, [name, String(capacity)])
    children.push(server)
    const { port = 0 } = await server.ask('port')
    const { rate = Number.NaN } = await server.ask('possible')
    const client = await startChild(CLIENT, [name, String(port)])
    children.push(client)
    const found = await client.ask('offer', factor * capacity, ...LOAD)
    const isWorst = factor === worst(capacity)
    const after = isWorst ? await client.ask('offer', capacity / 2, ...CALM) : undefined
    return {
      [`possible${capacity}`]: rate,
      [`goodput${capacity}x${factor}`]: found['goodput'] ?? Number.NaN,
      [`attempts${capacity}x${factor}`]: found['attempts'] ?? Number.NaN,
      [`lag${capacity}x${factor}`]: found['lagMs'] ?? Number.NaN,
      ...(after === undefined ? {} : { [`recovery${capacity}`]: after['share'] ?? Number.NaN }),
    }
  } finally {
    await Promise.all(children.map((child) => child.end()))
  }
}
