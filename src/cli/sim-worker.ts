/**
 * One of the processes of `holdfast sim`: runs the seeds it is given, until it is told no more.
 */
import { openPgliteMemory } from '#adapters'
import { type SeedResult, simulateEach } from '#sim'
import { loadScenario, loadSystem } from './load-system.ts'

/** What a worker is told: seeds to run, in this folder. */
export interface Order {
  readonly folder: string
  readonly seeds: readonly number[]
}

/** What it answers. */
export type Report =
  | { readonly is: 'done'; readonly results: readonly SeedResult[] }
  | { readonly is: 'failed'; readonly why: string }

if (import.meta.main) {
  process.on('message', (order: Order) => void run(order).then((report) => process.send?.(report)))
  // Ctrl-C reaches the whole group of processes; the parent decides what becomes of its workers.
  process.on('SIGINT', () => undefined)
  process.once('disconnect', () => process.exit())
}

async function run({ folder, seeds }: Order): Promise<Report> {
  try {
    const system = await loadSystem(folder)
    const scenario = await loadScenario(folder)
    const options = { ...scenario, seeds, postgres: openPgliteMemory }
    return { is: 'done', results: await simulateEach(system, options) }
  } catch (error) {
    return { is: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}
