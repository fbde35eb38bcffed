/**
 * `holdfast replay SEED`, or the token of a shrunk one: the same world again, step by step.
 */
import { openPgliteMemory } from '#adapters'
import type { HoldfastError } from '#errors'
import { readToken, simulate } from '#sim'
import { loadSubject } from './load-subject.ts'
import { paint, print, printJson, reportFailure } from './output.ts'
import { withVersion } from './revision.ts'
import { watched } from './watchdog.ts'
import { wholeNumber } from './whole-number.ts'

interface ReplayOptions {
  readonly json?: boolean
  /** `git:REV`: the version that took part, for a seed that `sim --with` found. */
  readonly with?: string
}

/** Exits with 1 if the seed violates anything. */
export async function replay(
  seedOrToken: string,
  path: string,
  options: ReplayOptions,
): Promise<void> {
  if (options.with === undefined) return replayed(seedOrToken, path, options)
  return withVersion(path, options.with, async (older) =>
    replayed(seedOrToken, path, options, older),
  )
}

async function replayed(
  seedOrToken: string,
  path: string,
  options: ReplayOptions,
  olderPath?: string,
): Promise<void> {
  const { system, scenario } = await loadSubject(path, olderPath)
  const report = (error: HoldfastError): void => reportFailure(error, options.json === true)
  const what = { ...scenario, ...whatToRun(seedOrToken), keepTrace: true }
  const result = await watched(report, async () =>
    simulate(system, { ...what, postgres: openPgliteMemory }),
  )
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
  readonly operationsMax?: number
} {
  const repro = readToken(seedOrToken)
  if (repro === undefined) return { seeds: [wholeNumber('SEED', seedOrToken, 2 ** 32)] }
  const { seed, onlyFaults, plan, onlyClients, operationsMax } = repro
  return {
    seeds: [seed],
    onlyFaults,
    ...(plan === undefined ? {} : { plan }),
    ...(onlyClients === undefined ? {} : { onlyClients }),
    ...(operationsMax === undefined ? {} : { operationsMax }),
  }
}
