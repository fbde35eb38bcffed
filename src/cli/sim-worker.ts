/**
 * One of the processes of `holdfast sim`: runs the seeds it is given, until it is told no more.
 */
import { openPgliteMemory } from '#adapters'
import type { HoldfastError } from '#errors'
import { type SeedResult, simulateEach } from '#sim'
import { loadSubject } from './load-subject.ts'
import { watched } from './watchdog.ts'

/** What a worker is told: seeds to run, of what this path means. */
export interface Order {
  readonly path: string
  /** Where an older version of it lies, which takes part. */
  readonly olderPath?: string | undefined
  readonly seeds: readonly number[]
}

/** What it answers. */
export type Report =
  | { readonly is: 'done'; readonly results: readonly SeedResult[] }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'stalled'; readonly why: string }

if (import.meta.main) {
  process.on('message', (order: Order) => void run(order).then((report) => process.send?.(report)))
  // Ctrl-C reaches the whole group of processes; the parent decides what becomes of its workers.
  process.on('SIGINT', () => undefined)
  process.once('disconnect', () => process.exit())
}

async function run({ path, olderPath, seeds }: Order): Promise<Report> {
  try {
    const { system, scenario } = await loadSubject(path, olderPath)
    const options = { ...scenario, seeds, postgres: openPgliteMemory }
    const results = await watched(stalled, async () => simulateEach(system, options))
    return { is: 'done', results }
  } catch (error) {
    return { is: 'failed', why: error instanceof Error ? error.message : String(error) }
  }
}

function stalled({ detail }: HoldfastError): void {
  const report: Report = { is: 'stalled', why: detail }
  process.send?.(report)
}
