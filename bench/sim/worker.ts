/**
 * One subject of the simulation bench in its process. Arguments: its name, and which of its processes.
 */
import { simulate } from 'holdfast/sim'
import { scenario } from '../../examples/market/market.sim.ts'
import { market } from '../../examples/market/system.ts'
import type { Sample } from '../method/bench.ts'
import { serve } from '../method/child.ts'
import {
  bankRuns,
  bareStatements,
  restores,
  simulatedStatements,
  sixServices,
} from './databases.ts'
import { quietSeed } from './quiet.ts'
import { SEEDS } from './seeds.ts'

/** What was simulated, before it is divided by the time that it took. */
interface Work {
  readonly events?: number
  readonly simulatedMs?: number
  readonly seeds?: number
  readonly calls?: number
  readonly statements?: number
  readonly runs?: number
  /** The simulated time of six services. */
  readonly sixMs?: number
  /** Is not divided. */
  readonly restoreMs?: number
}

const EVENTS_OF_FLOOR = 300_000

/** Every sample of every process has seeds of its own, the same for all runs. */
const SEEDS_OF_PROCESS = 10_000

const [, , name = '', nth = ''] = process.argv
let nextSeed = 1 + Number(nth) * SEEDS_OF_PROCESS

const own: Readonly<Record<string, () => Promise<Work>>> = {
  'bare event queue': queue,
  'holdfast, without SQL': quiet,
  'bare PGlite': bareStatements,
  'holdfast, statements': async () => simulatedStatements(nextSeed++),
  'holdfast, bank': async () => bankRuns(nextSeed++),
  'holdfast, six services': async () => sixServices(nextSeed++),
  'holdfast, restore': restores,
}

serve({
  sample: async () => timed(own[name] ?? seeds),
})

async function timed(work: () => Promise<Work>): Promise<Sample> {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  const done = await work()
  const wallSeconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(before)
  const cpuSeconds = (user + system) / 1_000_000
  const perCpu = (count = Number.NaN): number => count / cpuSeconds
  const perWall = (count = Number.NaN): number => count / wallSeconds
  return {
    events: perCpu(done.events),
    seeds: perCpu(done.seeds),
    speed: perWall(done.simulatedMs) / 1_000,
    wallSeeds: perWall(done.seeds),
    calls: perCpu(done.calls),
    statements: perCpu(done.statements),
    runs: perCpu(done.runs),
    six: perCpu(done.sixMs) / 1_000,
    restoreMs: done.restoreMs ?? Number.NaN,
  }
}

async function seeds(): Promise<Work> {
  const chosen = Array.from({ length: SEEDS }, (_, index) => nextSeed + index)
  nextSeed += SEEDS
  const { events, simulatedMs, violations } = await simulate(market, { ...scenario, seeds: chosen })
  const [first] = violations
  if (first !== undefined) throw new Error(`seed ${first.seed} is violated: ${first.check}`)
  return { events, simulatedMs, seeds: SEEDS }
}

async function quiet(): Promise<Work> {
  const work = await quietSeed(nextSeed)
  nextSeed += 1
  return work
}

/** The least that any simulation does: takes the earliest event, runs it, and plans the next. */
async function queue(): Promise<Work> {
  const heap: number[] = []
  for (let at = 0; at < 64; at += 1) push(heap, at)
  for (let n = 0; n < EVENTS_OF_FLOOR; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the code of a simulated process is asynchronous.
    const nowMs = await Promise.resolve(pop(heap))
    push(heap, nowMs + 1 + ((n * 7_919) % 64))
  }
  return { events: EVENTS_OF_FLOOR }
}

function push(heap: number[], value: number): void {
  let place = heap.push(value) - 1
  while (place > 0) {
    const above = (place - 1) >> 1
    if ((heap[above] ?? 0) <= value) break
    heap[place] = heap[above] ?? 0
    place = above
  }
  heap[place] = value
}

function pop(heap: number[]): number {
  const first = heap[0] ?? 0
  const last = heap.pop() ?? 0
  let place = 0
  for (;;) {
    const left = 2 * place + 1
    const least = (heap[left + 1] ?? Infinity) < (heap[left] ?? Infinity) ? left + 1 : left
    if (least >= heap.length || (heap[least] ?? Infinity) >= last) break
    heap[place] = heap[least] ?? 0
    place = least
  }
  heap[place] = last
  return first
}
