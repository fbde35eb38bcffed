/**
 * One subject of the simulation bench in its process. Argument: its name.
 */
import { simulate } from 'holdfast/sim'
import { scenario } from '../../examples/market/market.sim.ts'
import { market } from '../../examples/market/system.ts'
import type { Sample } from '../method/bench.ts'
import { serve } from '../method/child.ts'

/** What was simulated, before it is divided by the time that it took. */
interface Work {
  readonly events: number
  readonly simulatedMs: number
  readonly seeds: number
}

const EVENTS_OF_FLOOR = 300_000

/** Every sample has seeds of its own, the same for all runs. */
const SEEDS = 5
let nextSeed = 1

const isFloor = process.argv[2] === 'bare event queue'

serve({
  sample: async () => timed(isFloor ? queue : seeds),
})

async function timed(work: () => Promise<Work>): Promise<Sample> {
  const before = process.cpuUsage()
  const startedMs = performance.now()
  const { events, simulatedMs, seeds: count } = await work()
  const wallSeconds = (performance.now() - startedMs) / 1_000
  const { user, system } = process.cpuUsage(before)
  const cpuSeconds = (user + system) / 1_000_000
  return {
    events: events / cpuSeconds,
    seeds: count / cpuSeconds,
    speed: simulatedMs / 1_000 / wallSeconds,
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

/** The least that any simulation does: takes the earliest event, runs it, and plans the next. */
async function queue(): Promise<Work> {
  const heap: number[] = []
  for (let at = 0; at < 64; at += 1) push(heap, at)
  for (let n = 0; n < EVENTS_OF_FLOOR; n += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the code of a simulated process is asynchronous.
    const nowMs = await Promise.resolve(pop(heap))
    push(heap, nowMs + 1 + ((n * 7_919) % 64))
  }
  return { events: EVENTS_OF_FLOOR, simulatedMs: Number.NaN, seeds: Number.NaN }
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
