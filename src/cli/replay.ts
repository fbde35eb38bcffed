/**
 * `holdfast replay SEED`: the same world again, step by step.
 */
import { openPgliteMemory } from '#adapters'
import { simulate } from '#sim'
import { loadScenario, loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'
import { wholeNumber } from './whole-number.ts'

/** Exits with 1 if the seed violates anything. */
export async function replay(
  seed: string,
  folder: string,
  options: { readonly json?: boolean },
): Promise<void> {
  const system = await loadSystem(folder)
  const scenario = await loadScenario(folder)
  const seeds = [wholeNumber('SEED', seed, 2 ** 32)]
  const result = await simulate(system, {
    ...scenario,
    seeds,
    keepTrace: true,
    postgres: openPgliteMemory,
  })
  if (result.violations.length > 0) process.exitCode = 1
  if (options.json) return printJson(result)
  for (const line of result.trace ?? []) print(line)
  for (const each of result.violations) print(`${paint('red', '✗')} ${each.check}  ${each.detail}`)
  print(result.violations.length === 0 ? paint('green', 'no violation') : paint('red', 'violated'))
}
