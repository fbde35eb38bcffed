/**
 * `holdfast/sim`: the services of a system, their real SQL, and a hostile world from a seed.
 *
 * The simulator knows no database engine; this door gives it PGlite in memory.
 */
import { type SimulateOptions, type SimulationResult, simulate as simulateWith } from '#sim'
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
  Scenario,
  SimulateOptions,
  SimulationResult,
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
