/**
 * Runs a system in many simulated worlds, one after another, and tells what was not true in which.
 *
 * Invariants:
 *   Z1. One simulation at a time in one process of Node: the databases and the globals are shared.
 *   Z2. When it is over, every global is the real one again.
 */
import { HoldfastError } from '#errors'
import type { System } from '#model'
import { watchEscapes } from './patch/escape.ts'
import { Fleet } from './database/fleet.ts'
import type { SimulateWith, SimulationResult } from './options.ts'
import { installModules } from './patch/modules.ts'
import { installGlobals } from './patch/install.ts'
import type { OpenPostgres } from './database/postgres.ts'
import { preparationsOf } from './plain/prepare.ts'
import { stopwatchMs } from './reality.ts'
import { rehearsed } from './database/rehearsal.ts'
import { Run, type SeedResult } from './run.ts'
import { isEnough, summarized } from './summary.ts'

const SEEDS_DEFAULT = 100

/** The databases of this process, by what opened them; booting them takes seconds. */
const fleets = new WeakMap<OpenPostgres, Fleet>()
let last: Promise<unknown> = Promise.resolve()

/**
 * Simulates the system with every seed. A seed that fails is run again, exactly, by `seeds: [seed]`.
 *
 * @throws HF_CONFIG_INVALID if the options do not fit the system, HF_MIGRATION_* as `holdfast dev`.
 */
export async function simulate(system: System, options: SimulateWith): Promise<SimulationResult> {
  const startedMs = stopwatchMs()
  const results = await simulateEach(system, options)
  return summarized(results, options, stopwatchMs() - startedMs)
}

/** The same, seed by seed, for whoever puts results of several processes together with `summarized`. */
export async function simulateEach(
  system: System,
  options: SimulateWith,
): Promise<readonly SeedResult[]> {
  const mine = last.then(async () => simulateNow(system, options))
  last = Promise.allSettled([mine])
  return mine
}

async function simulateNow(system: System, options: SimulateWith): Promise<readonly SeedResult[]> {
  const seeds = seedsOf(options.seeds ?? SEEDS_DEFAULT)
  const fleet = fleets.get(options.postgres) ?? new Fleet(options.postgres)
  fleets.set(options.postgres, fleet)
  const preparations = await preparationsOf(system, options)
  const migrations = preparations.map((each) => each.migrations)
  const results: SeedResult[] = []
  const restore = installGlobals()
  const unwatch = watchEscapes()
  const unhook = options.services === undefined ? () => {} : installModules(options.isolated ?? [])
  try {
    if (!fleet.isLearned) fleet.learn(await rehearsed(fleet))
    for (const seed of seeds) {
      // oxlint-disable-next-line no-await-in-loop -- the worlds share databases and globals.
      const databases = await fleet.fresh(migrations)
      const prepared = preparations.flatMap((each, index) => {
        const postgres = databases[index]
        return postgres === undefined ? [] : [{ ...each, postgres }]
      })
      // oxlint-disable-next-line no-await-in-loop -- as above.
      results.push(await new Run(seed, system, prepared, options).finish())
      if (isEnough(results)) break
    }
  } finally {
    unhook()
    unwatch()
    restore()
  }
  return results
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
