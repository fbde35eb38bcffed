/**
 * `holdfast/sim`: the services of a system, their real SQL, and a hostile world from a seed.
 *
 * The simulator knows no database engine; this door gives it PGlite in memory.
 */
import {
  shrink as shrinkWith,
  type Shrunk,
  type SimulateOptions,
  type SimulationResult,
  simulate as simulateWith,
  storyOf,
  type Violation,
} from '#sim'
import type { System } from '#model'
import { openPgliteMemory } from '#adapters'

export type {
  Check,
  Checks,
  FaultKind,
  ForeignEnvironment,
  ForeignProgram,
  Load,
  Look,
  PlainService,
  Scenario,
  SimulateOptions,
  SimulationResult,
  Struck,
  Violation,
  ViolationKind,
} from '#sim'

/**
 * Simulates the system with every seed. A seed that fails is run again, exactly, by `seeds: [seed]`.
 *
 * @example
 * const { violations } = await simulate(market, {
 *   seeds: 200,
 *   load: (world) => world.many(20, (i) => world.client(orders).place({ orderId: `o${i}`, cents: 500 })),
 *   settled: { 'every order is paid once': async ({ sql }) => checkPayments(sql) },
 * })
 */
export async function simulate(
  system: System,
  options: SimulateOptions,
): Promise<SimulationResult> {
  return simulateWith(system, { ...options, postgres: openPgliteMemory })
}

/** The least that still fails, and what it says. */
export interface Explained extends Pick<Shrunk, 'seed' | 'faults' | 'clients' | 'runs' | 'token'> {
  /** What is not true, what it took, and the edge to look at. */
  readonly story: readonly [string, string, string]
}

/**
 * Shrinks a violation that `simulate` found with the same options: to the faults and the clients that it
 * needs, in at most 80 runs. `undefined` if it does not come again.
 */
export async function explain(
  system: System,
  options: SimulateOptions,
  violation: Violation,
): Promise<Explained | undefined> {
  const shrunk = await shrinkWith(system, { ...options, postgres: openPgliteMemory }, violation)
  if (shrunk === undefined) return undefined
  const { seed, faults, clients, runs, token } = shrunk
  return { seed, faults, clients, runs, token, story: storyOf(shrunk) }
}
