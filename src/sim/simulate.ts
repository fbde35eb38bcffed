/**
 * Runs a system in many simulated worlds, one after another, and tells what was not true in which.
 *
 * Invariants:
 *   Z1. One simulation at a time in one process of Node: the databases and the globals are shared.
 *   Z2. When it is over, every global is the real one again.
 */
import { HoldfastError } from '#errors'
import { readMigrations } from '#host'
import type { System } from '#model'
import { hash32 } from './chance.ts'
import { watchEscapes } from './escape.ts'
import { Fleet } from './fleet.ts'
import type { SimulateWith, SimulationResult } from './options.ts'
import { installGlobals } from './patch.ts'
import type { OpenPostgres } from './postgres.ts'
import { stopwatchMs } from './reality.ts'
import { Run, type SeedResult } from './run.ts'

const SEEDS_DEFAULT = 100

/** Violations after which no further seed is tried: by then there is enough to look at. */
const VIOLATIONS_MAX = 100

/** The databases of this process, by what opened them; booting them takes seconds. */
const fleets = new WeakMap<OpenPostgres, Fleet>()
let last: Promise<unknown> = Promise.resolve()

/**
 * Simulates the system with every seed. A seed that fails is run again, exactly, by `seeds: [seed]`.
 *
 * @throws HF_CONFIG_INVALID if the options do not fit the system, HF_MIGRATION_* as `holdfast dev`.
 */
export async function simulate(system: System, options: SimulateWith): Promise<SimulationResult> {
  const mine = last.then(async () => simulateNow(system, options))
  last = Promise.allSettled([mine])
  return mine
}

async function simulateNow(system: System, options: SimulateWith): Promise<SimulationResult> {
  const seeds = seedsOf(options.seeds ?? SEEDS_DEFAULT)
  const fleet = fleets.get(options.postgres) ?? new Fleet(options.postgres)
  fleets.set(options.postgres, fleet)
  const migrations = await Promise.all(system.services.map(readMigrations))
  const startedMs = stopwatchMs()
  const results: SeedResult[] = []
  const restore = installGlobals()
  const unwatch = watchEscapes()
  try {
    for (const seed of seeds) {
      // oxlint-disable-next-line no-await-in-loop -- the worlds share databases and globals.
      const databases = await fleet.fresh(migrations)
      const prepared = system.services.flatMap((service, index) => {
        const [postgres, own] = [databases[index], migrations[index]]
        return postgres && own ? [{ service, migrations: own, postgres }] : []
      })
      // oxlint-disable-next-line no-await-in-loop -- as above.
      results.push(await new Run(seed, system, prepared, options).finish())
      if (results.reduce((sum, each) => sum + each.violations.length, 0) >= VIOLATIONS_MAX) break
    }
  } finally {
    unwatch()
    restore()
  }
  return summary(results, stopwatchMs() - startedMs)
}

function seedsOf(seeds: number | readonly number[]): readonly number[] {
  const all =
    typeof seeds === 'number' ? Array.from({ length: seeds }, (_, index) => index + 1) : seeds
  const wrong = all.find((seed) => !Number.isInteger(seed) || seed < 0 || seed > 2 ** 32)
  if (wrong === undefined && all.length > 0) return all
  throw new HoldfastError('HF_CONFIG_INVALID', {
    detail: `seeds must be whole numbers from 0 to 2^32, at least one; got ${wrong ?? 'none'}`,
  })
}

function summary(results: readonly SeedResult[], wallMs: number): SimulationResult {
  const sum = (of: (result: SeedResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0)
  const faultsFired: Record<string, number> = {}
  for (const name of results.flatMap((result) => result.faultsFired)) {
    const [kind = ''] = name.split(':', 1)
    faultsFired[kind] = (faultsFired[kind] ?? 0) + 1
  }
  const trace = results.at(-1)?.trace
  return {
    seeds: results.length,
    violations: results.flatMap((result) => result.violations),
    simulatedMs: sum((result) => result.simulatedMs),
    wallMs,
    events: sum((result) => result.events),
    traceHash: together(results.map((result) => result.hash)),
    faultsFired,
    ...(trace === undefined ? {} : { trace }),
  }
}

/** One seed's hash is the hash; many are hashed once more. */
function together(hashes: readonly string[]): string {
  const [first = ''] = hashes
  if (hashes.length === 1) return first
  const text = hashes.join()
  return [text, `${text} `].map((each) => hash32(each).toString(16).padStart(8, '0')).join('')
}
