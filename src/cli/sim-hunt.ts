/**
 * `holdfast sim --hunt 10m`: seed after seed until the time is over, or until Ctrl-C.
 *
 * Seeds that failed before run first, then those of the corpus, then new ones. The summary covers
 * whatever was finished, however the hunt ended.
 *
 * Invariants:
 *   H1. Memory is bounded: results are added up round by round, and only violations are kept whole.
 */
import { type Duration, durationMs } from '#clock'
import { HoldfastError, isHoldfastError } from '#errors'
import type { System } from '#model'
import { merged, type Scenario, type SeedResult, type SimulationResult, summarized } from '#sim'
import { nodeClock, nodeTimers } from '#world'
import { Corpus } from './corpus.ts'
import { regressionSeeds } from './regressions.ts'
import { Progress } from './sim-progress.ts'
import { inWorkers } from './sim-workers.ts'

/** Seeds of one round, for each worker: as many as a worker runs in its life. */
const SEEDS_PER_WORKER = 200

/** A night. */
const HUNT_MS_MAX = 86_400_000

/** What is hunted, and from which seed on. */
export interface Hunted {
  readonly path: string
  readonly olderPath?: string | undefined
  readonly folder: string
  readonly system: System
  readonly scenario: Scenario
  readonly first: number
  readonly workers: number
}

/** Hunts for so long. */
export async function huntFor(hunted: Hunted, text: string): Promise<SimulationResult> {
  const startedMs = nodeClock.monotonicMs()
  const limitMs = lengthOf(text)
  const stop = new AbortController()
  const end = (): void => stop.abort()
  const cancel = nodeTimers.after(limitMs, end)
  process.once('SIGINT', end)
  const elapsedMs = (): number => nodeClock.monotonicMs() - startedMs
  const left = (): string => `${Math.max(0, (limitMs - elapsedMs()) / 1_000).toFixed(0)} s left`
  const progress = new Progress({ left, inLogs: true })
  try {
    const total = await rounds(hunted, stop.signal, progress)
    return { ...total, wallMs: elapsedMs() }
  } finally {
    progress.end()
    cancel()
    process.off('SIGINT', end)
  }
}

async function rounds(
  { path, olderPath, folder, system, scenario, first, workers }: Hunted,
  signal: AbortSignal,
  { heard }: Progress,
): Promise<SimulationResult> {
  const corpus = await Corpus.open(system.name)
  const before = await regressionSeeds(folder, system.name)
  let seeds: readonly number[] = [...new Set([...before, ...corpus.seeds])]
  let next = first
  let total = summarized([], scenario, 0)
  while (!signal.aborted) {
    if (seeds.length > 0) {
      // Whatever is finished counts, in the order of the seeds: a hunt waits for no gap to be filled.
      const finished = new Map<number, SeedResult>()
      const onProgress = (results: readonly SeedResult[], own: readonly number[]): void => {
        heard(results)
        for (const [index, result] of results.entries()) finished.set(own[index] ?? 0, result)
      }
      // oxlint-disable-next-line no-await-in-loop -- a round at a time (H1).
      await inWorkers({ path, olderPath, seeds, workers, signal, onProgress })
      // oxlint-disable-next-line no-await-in-loop -- as above.
      await corpus.add(finished)
      const results = seeds.flatMap((seed) => finished.get(seed) ?? [])
      const round = summarized(results, scenario, 0)
      total = total.seeds === 0 ? round : merged(total, round)
    }
    seeds = Array.from({ length: workers * SEEDS_PER_WORKER }, (_, index) => next + index)
    next += seeds.length
  }
  return total
}

/** @throws HF_USAGE (effect none) if the text is no duration up to a day. */
function lengthOf(text: string): number {
  const limitMs = readDuration(text)
  if (limitMs !== undefined && limitMs > 0 && limitMs <= HUNT_MS_MAX) return limitMs
  throw new HoldfastError('HF_USAGE', {
    detail: `--hunt is a duration up to 24h such as 90s or 10m, not '${text}'`,
  })
}

function readDuration(text: string): number | undefined {
  try {
    // What is not a duration is refused there.
    return durationMs(text as Duration)
  } catch (error) {
    if (isHoldfastError(error)) return undefined
    throw error
  }
}
