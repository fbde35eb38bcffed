/**
 * One fault, at every moment at which it could strike: a run for each.
 *
 * Intuition: chance finds the common failures first. But between two particular statements there is one
 * moment at which a crash does harm, and the surest way to it is to try them all. A first run without
 * faults lists the moments; each further run has one fault, at one of them.
 *
 * Invariants:
 *   J1. At most `runsMax` runs besides the first; if there are more moments, they are spread evenly.
 */
import type { System } from '#model'
import type { SimulateWith, SimulationResult } from './options.ts'
import { stopwatchMs } from './reality.ts'
import type { SeedResult } from './run.ts'
import { simulateEach } from './simulate.ts'
import { summarized } from './summary.ts'

/** What is tried at every moment: a crash at each commit, or a cut before each request and answer. */
export type Everywhere = 'crash' | 'one-way-partition'

/** Tries one kind of fault at every moment of one seed. */
export async function everywhere(
  system: System,
  options: SimulateWith & { readonly kind: Everywhere; readonly runsMax: number },
): Promise<SimulationResult> {
  const startedMs = stopwatchMs()
  const { kind, runsMax } = options
  const [calm] = await simulateEach(system, { ...options, plan: [] })
  const moments = (calm?.occasions ?? []).filter((name) => name.startsWith(`${kind}:`))
  const results: SeedResult[] = calm === undefined ? [] : [calm]
  for (const plan of spread(moments, runsMax)) {
    // oxlint-disable-next-line no-await-in-loop -- the worlds share databases and globals.
    results.push(...(await simulateEach(system, { ...options, plan: [plan] })))
  }
  return summarized(results, { ...options, faults: [kind] }, stopwatchMs() - startedMs)
}

function spread<Item>(items: readonly Item[], countMax: number): readonly Item[] {
  const count = Math.min(items.length, countMax)
  return Array.from({ length: count }, (_, index) => {
    const [item] = items.slice(Math.floor((index * items.length) / count))
    return item
  }).filter((item) => item !== undefined)
}
