/**
 * `holdfast sim`: runs the services in simulated worlds, one for each seed, and says what broke.
 */
import { openPgliteMemory } from '#adapters'
import { simulate, type SimulationResult } from '#sim'
import { loadScenario, loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'
import { wholeNumber } from './whole-number.ts'

interface SimOptions {
  readonly json?: boolean
  readonly seeds: string
  readonly first: string
}

/** Exits with 1 if any seed violated anything. */
export async function sim(folder: string, options: SimOptions): Promise<void> {
  const system = await loadSystem(folder)
  const scenario = await loadScenario(folder)
  const first = wholeNumber('--first', options.first, 2 ** 32)
  const count = wholeNumber('--seeds', options.seeds, 1_000_000)
  const seeds = Array.from({ length: count }, (_, index) => first + index)
  const result = await simulate(system, { ...scenario, seeds, postgres: openPgliteMemory })
  if (result.violations.length > 0) process.exitCode = 1
  if (options.json) return printJson({ ...result, seeds: count })
  report(result, count, folder)
}

function report(result: SimulationResult, count: number, folder: string): void {
  const rate = (count / (result.wallMs / 1_000)).toFixed(1)
  print(
    `${count} seeds, ${(result.simulatedMs / 1_000).toFixed(0)} simulated s in ${(result.wallMs / 1_000).toFixed(1)} s` +
      ` (${rate} seeds/s), ${result.events} events, trace ${result.traceHash}`,
  )
  const fired = Object.entries(result.faultsFired).map(([kind, times]) => `${kind} ${times}×`)
  print(`${paint('dim', 'faults')}  ${fired.join('  ') || 'none fired'}`)
  for (const each of result.violations.slice(0, 10)) {
    print(
      `${paint('red', '✗')} ${each.check}  ${paint('dim', `seed ${each.seed}`)}  ${each.detail}`,
    )
    print(`    holdfast replay ${each.seed} ${folder}`)
  }
  const verdict =
    result.violations.length === 0 ? paint('green', 'no violation') : paint('red', 'violated')
  print(`${verdict}${result.violations.length ? `  ${result.violations.length}` : ''}`)
}
