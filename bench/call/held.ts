/**
 * What a process holds at this moment. The heap is counted after a collection where the process was
 * started with `--expose-gc`, so that only what is still used is seen.
 */
import type { Sample } from '../method/bench.ts'

const MIB = 1_048_576

/** Resident memory and heap, in MiB. */
export function held(): Sample {
  globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  return { heapMib: heapUsed / MIB, rssMib: rss / MIB }
}
