/**
 * `holdfast sim --repeat 10000`: one seed, again and again, in several processes. Is every run the same?
 */
import { type SeedResult } from '#sim'
import { paint, print, printJson } from './output.ts'
import { Progress } from './sim-progress.ts'
import { inWorkers } from './sim-workers.ts'

/** Processes at least: what one process carries over from run to run another has not. */
const PROCESSES_MIN = 3

/** Runs one seed so often, and exits with 1 if two runs differ. */
export async function repeat(options: {
  readonly path: string
  readonly olderPath?: string | undefined
  readonly seed: number
  readonly count: number
  readonly workers: number
  readonly asJson: boolean
}): Promise<void> {
  const { path, olderPath, seed, count, asJson } = options
  const workers = Math.max(PROCESSES_MIN, options.workers)
  const stop = new AbortController()
  const end = (): void => stop.abort()
  process.once('SIGINT', end)
  const progress = new Progress({
    left: ({ done, perSecond }) => `${((count - done) / perSecond).toFixed(0)} s left`,
    inLogs: !asJson,
  })
  const seeds = Array.from({ length: count }, () => seed)
  const results = await inWorkers({
    path,
    olderPath,
    seeds,
    workers,
    signal: stop.signal,
    onProgress: progress.heard,
  })
  progress.end()
  process.off('SIGINT', end)
  const { traceHash, same } = compared(results)
  if (same < results.length || results.length === 0) process.exitCode = 1
  if (asJson) return printJson({ seed, runs: results.length, same, traceHash, processes: workers })
  const words = `${same} of ${results.length} runs of seed ${seed} in ${workers} processes`
  print(`${words} have the trace ${traceHash}`)
  print(same === results.length ? paint('green', 'all the same') : paint('red', 'they differ'))
}

/** The trace hash of most runs, and how many those are. */
function compared(results: readonly SeedResult[]): {
  readonly traceHash: string
  readonly same: number
} {
  const byHash = Map.groupBy(results, ({ hash }) => hash)
  const [most] = [...byHash].toSorted(([, one], [, other]) => other.length - one.length)
  return { traceHash: most?.[0] ?? 'none', same: most?.[1].length ?? 0 }
}
