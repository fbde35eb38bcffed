/**
 * Names simulated code that never comes back, such as `while (true)`.
 *
 * Time stands still while code runs, so no simulated deadline ends it, and the one thread that could say
 * so is busy. So a second thread listens to the heartbeat of the first.
 *
 * Invariants:
 *   W1. The bound is in CPU time: a machine that is slow or was asleep stalls nobody.
 *   W2. Only simulated code is named; the simulator may take as long as it likes.
 */
import { closeSync } from 'node:fs'
import { Worker } from 'node:worker_threads'
import { HoldfastError } from '#errors'
import { runAsNobody, type Stalled, stalledAt } from '#sim'
import { nodeTimers } from '#world'
import { CPU_MS_MAX, LOOK_MS, STALLED } from './watchdog-thread.ts'

const STDERR = 2

const THREAD = new URL(
  `./watchdog-thread.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`,
  import.meta.url,
)

/**
 * Watches this thread while `work` runs. `report` is called in the middle of the code that stalls; then
 * the process ends, with the exit code that it has set.
 */
export async function watched<T>(
  report: (error: HoldfastError) => void,
  work: () => Promise<T>,
): Promise<T> {
  const shared = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)
  const beats = new Int32Array(shared)
  const beat = (): void => {
    Atomics.add(beats, 0, 1)
    Atomics.notify(beats, 0)
    stop = nodeTimers.after(LOOK_MS, beat)
  }
  let stop = nodeTimers.after(LOOK_MS, beat)
  const key = Symbol.for(STALLED)
  Reflect.set(globalThis, key, (stack: string) => {
    const found = stalledAt(stack)
    if (found === undefined) return
    // For the simulated process, to exit is to be started again.
    runAsNobody(() => {
      report(stallOf(found))
      // Node would say that it waits for a debugger, of which the user knows nothing.
      closeSync(STDERR)
      process.exit()
    })
  })
  const thread = new Worker(THREAD, { workerData: shared, execArgv: conditions() })
  thread.unref()
  try {
    return await work()
  } finally {
    stop()
    Reflect.deleteProperty(globalThis, key)
    await thread.terminate()
  }
}

function stallOf({ who, place, seed }: Stalled): HoldfastError {
  return new HoldfastError('HF_SIM_STALLED', {
    detail: `${who} has run for ${CPU_MS_MAX / 1_000} s of CPU time without awaiting anything at ${place} (seed ${seed})`,
  })
}

/** The flags of this process, without those of a test run. */
function conditions(): string[] {
  return process.execArgv.filter((flag) => !flag.startsWith('--test'))
}
