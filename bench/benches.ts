/**
 * Every bench by its name, loaded when it is asked for: one that needs a database server or the peers
 * costs nobody else anything.
 */
import type { Bench } from './method/bench.ts'

/** Makes each bench, in the order in which all are run. */
export const benches: ReadonlyMap<string, () => Promise<Bench>> = new Map<
  string,
  () => Promise<Bench>
>([
  ['policy', async () => (await import('./policy/bench.ts')).policy],
  ['call', async () => (await import('./call/bench.ts')).call()],
  ['events', async () => (await import('./events/bench.ts')).events()],
  ['overload', async () => (await import('./overload/bench.ts')).overload],
  ['scale', async () => (await import('./scale/bench.ts')).scale()],
  ['sim', async () => (await import('./sim/bench.ts')).sim],
  ['startup', async () => (await import('./startup/bench.ts')).startup()],
  ['install', async () => (await import('./startup/bench.ts')).install()],
  ['memory', async () => (await import('./startup/bench.ts')).memory()],
  ['growth', async () => (await import('./growth/bench.ts')).growth],
])
