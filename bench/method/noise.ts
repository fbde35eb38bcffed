/**
 * The machine's noise: how busy others kept it, and how much one and the same work varied.
 *
 * Between the rounds, when nobody is measured, a fixed loop runs. On a quiet machine it always takes
 * the same time; its spread is what no result of the same run can be more exact than.
 */
import { cpus } from 'node:os'
import { nodeClock, nodeTimers, sleep } from '#world'
import { median, spread } from './statistics.ts'

/** What the machine did meanwhile. */
export interface NoiseReport {
  readonly cpus: number
  /** Median share of all processors that other processes used between the rounds, 0 to 1. */
  readonly busyShare: number
  /** Spread of a fixed loop, as a share of its median. */
  readonly loopSpread: number
}

const LOOK_MS = 100
const LOOP_STEPS = 2_000_000

/** Looks at the machine again and again. */
export class Noise {
  readonly #busy: number[] = []
  readonly #loops: number[] = []

  /** Takes about 100 ms. */
  async look(): Promise<void> {
    const before = processorTimes()
    await sleep(nodeTimers, LOOK_MS)
    const after = processorTimes()
    this.#busy.push(1 - (after.idle - before.idle) / Math.max(1, after.all - before.all))
    this.#loops.push(loopMs())
  }

  /** What was seen so far. */
  report(): NoiseReport {
    return {
      cpus: cpus().length,
      busyShare: median(this.#busy),
      loopSpread: spread(this.#loops),
    }
  }
}

function processorTimes(): { readonly idle: number; readonly all: number } {
  const times = cpus().map((each) => each.times)
  const idle = times.reduce((sum, each) => sum + each.idle, 0)
  const all = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, idle)
  return { idle, all }
}

/** A loop whose result is used, so that no compiler removes it. */
function loopMs(): number {
  const startedMs = nodeClock.monotonicMs()
  let state = 1
  for (let step = 0; step < LOOP_STEPS; step += 1) state = (state * 48_271) % 2_147_483_647
  return state === 0 ? Number.NaN : nodeClock.monotonicMs() - startedMs
}
