/**
 * `holdfast replay SEED`, or the token of a shrunk one: the same world again, step by step.
 */
import { openPgliteMemory } from '#adapters'
import { readToken, simulate } from '#sim'
import { loadScenario, loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'
import { wholeNumber } from './whole-number.ts'

/** Exits with 1 if the seed violates anything. */
export async function replay(
  seedOrToken: string,
  folder: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const system = await loadSystem(folder)
  const scenario = await loadScenario(folder)
  const result = await simulate(system, {
    ...scenario,
    ...whatToRun(seedOrToken),
    keepTrace: true,
    postgres: openPgliteMemory,
  })
  if (result.violations.length > 0) process.exitCode = 1
  if (options.json) return printJson(result)
  for (const line of result.trace ?? []) print(line)
  for (const each of result.violations) print(`${paint('red', '✗')} ${each.check}  ${each.detail}`)
  print(result.violations.length === 0 ? paint('green', 'no violation') : paint('red', 'violated'))
}

function whatToRun(seedOrToken: string): {
  readonly seeds: readonly number[]
  readonly onlyFaults?: readonly string[]
  readonly plan?: readonly string[]
  readonly onlyClients?: readonly number[]
} {
  const repro = readToken(seedOrToken)
  if (repro === undefined) return { seeds: [wholeNumber('SEED', seedOrToken, 2 ** 32)] }
  const { seed, onlyFaults, plan, onlyClients } = repro
  return {
    seeds: [seed],
    onlyFaults,
    ...(plan === undefined ? {} : { plan }),
    ...(onlyClients === undefined ? {} : { onlyClients }),
  }
}
