/**
 * Seeds over processes: each worker gets a few at a time, and the results come back in their order.
 *
 * Invariants:
 *   R1. The result does not depend on how many workers there are, nor on which of them was faster.
 *   R2. A worker is replaced after `SEEDS_MAX` seeds: what user code leaves in memory never grows for long.
 *   R3. When `signal` aborts, what is finished up to the first gap is the result.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '#errors'
import type { SeedResult } from '#sim'
import type { Order, Report } from './sim-worker.ts'

/** Seeds that a worker gets at a time: some seconds of work. */
const SEEDS_AT_ONCE = 5

/** Seeds that one worker runs in its life. */
const SEEDS_MAX = 200

const WORKER_FILE = fileURLToPath(
  new URL(`./sim-worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
)

/** Runs the seeds in so many processes. `onProgress` hears how many are done, and of their violations. */
export async function inWorkers(options: {
  readonly path: string
  readonly olderPath?: string | undefined
  readonly seeds: readonly number[]
  readonly workers: number
  readonly signal: AbortSignal
  readonly onProgress: (results: readonly SeedResult[], seeds: readonly number[]) => void
}): Promise<readonly SeedResult[]> {
  const { path, olderPath, seeds, signal } = options
  const parts = partsOf(seeds)
  const results: (readonly SeedResult[] | undefined)[] = parts.map(() => undefined)
  let next = 0
  const work = async (): Promise<void> => {
    const worker = new Worker()
    try {
      while (next < parts.length && !signal.aborted) {
        const part = next++
        // oxlint-disable-next-line no-await-in-loop -- a worker does one part after another.
        const done = await worker.run({ path, olderPath, seeds: parts[part] ?? [] }, signal)
        results[part] = done
        if (done !== undefined) options.onProgress(done, parts[part] ?? [])
      }
    } finally {
      worker.end()
    }
  }
  await Promise.all(Array.from({ length: options.workers }, work))
  const gap = results.indexOf(undefined)
  return results.slice(0, gap < 0 ? undefined : gap).flatMap((each) => each ?? [])
}

function partsOf(seeds: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: Math.ceil(seeds.length / SEEDS_AT_ONCE) }, (_, part) =>
    seeds.slice(part * SEEDS_AT_ONCE, (part + 1) * SEEDS_AT_ONCE),
  )
}

/** One process at a time. */
class Worker {
  #process: ChildProcess | undefined
  #seeds = 0

  /** The results; `undefined` if the signal aborted first. */
  async run(order: Order, signal: AbortSignal): Promise<readonly SeedResult[] | undefined> {
    if (this.#seeds + order.seeds.length > SEEDS_MAX) this.end()
    this.#seeds += order.seeds.length
    this.#process ??= fork(WORKER_FILE, { serialization: 'json', execArgv: ownFlags() })
    const report = await answerOf(this.#process, order, signal)
    if (report === undefined || report.is === 'done') return report?.results
    if (report.is === 'stalled') throw new HoldfastError('HF_SIM_STALLED', { detail: report.why })
    throw new HoldfastError('HF_CONFIG_INVALID', {
      detail: `a simulation worker failed: ${report.why}`,
      fix: 'Run it with --workers 1 to see the whole error.',
    })
  }

  end(): void {
    this.#process?.kill()
    this.#process = undefined
    this.#seeds = 0
  }
}

async function answerOf(
  worker: ChildProcess,
  order: Order,
  signal: AbortSignal,
): Promise<Report | undefined> {
  const { promise, resolve } = Promise.withResolvers<Report | undefined>()
  const onMessage = (report: Report): void => resolve(report)
  const onExit = (code: number | null, by: string | null): void =>
    resolve({ is: 'failed', why: `it ended with ${code ?? by ?? 'nothing'}` })
  const onAbort = (): void => resolve(undefined)
  worker.on('message', onMessage).once('exit', onExit)
  signal.addEventListener('abort', onAbort)
  try {
    worker.send(order)
    return await promise
  } finally {
    worker.off('message', onMessage).off('exit', onExit)
    signal.removeEventListener('abort', onAbort)
  }
}

/** This process's flags, without those of a test run: a worker of a test is not a test. */
function ownFlags(): string[] {
  return process.execArgv.filter((flag) => !flag.startsWith('--test'))
}
