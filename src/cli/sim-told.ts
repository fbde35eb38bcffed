/**
 * What becomes of the first violation: it is shrunk, told in three sentences, drawn, and written down.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openPgliteMemory } from '#adapters'
import type { System } from '#model'
import {
  drawn,
  pictured,
  type Scenario,
  shrink,
  simplest,
  type SimulateWith,
  storyOf,
  type Violation,
} from '#sim'
import { print } from './output.ts'
import { FOUND_FOLDER, remember } from './regressions.ts'

/** A violation after shrinking. */
export interface Told {
  readonly violation: Violation
  readonly token: string
  readonly faults: readonly string[]
  readonly story: readonly string[]
  /** The HTML file. */
  readonly file: string
}

/** The scenario in these worlds, over PGlite. */
export function withEngine(scenario: Scenario, seeds: readonly number[]): SimulateWith {
  return { ...scenario, seeds, postgres: openPgliteMemory }
}

/** Explains the simplest of the violations, if there are any. */
export async function toldOf(
  { system, scenario, asJson }: { system: System; scenario: Scenario; asJson: boolean },
  violations: readonly Violation[],
): Promise<Told | undefined> {
  const violation = simplest(violations)
  if (violation === undefined) return undefined
  const { seed, check, plan } = violation
  const options = { ...withEngine(scenario, [seed]), ...(plan === undefined ? {} : { plan }) }
  const shrunk = await shrink(system, options, violation)
  if (shrunk === undefined) {
    if (!asJson)
      print(`seed ${seed} did not fail again: something in it is not decided by the seed`)
    return undefined
  }
  const { token, faults } = shrunk
  const story = storyOf(shrunk)
  const file = join(FOUND_FOLDER, `${seed}.html`)
  await mkdir(FOUND_FOLDER, { recursive: true })
  const title = `${system.name}: ${check}`
  await writeFile(file, drawn({ title, story, ...pictured(shrunk) }))
  // Alone, the present version would run these seeds as if nothing had been wrong.
  if (plan === undefined && scenario.older === undefined)
    await remember({ scenario: system.name, seed, token, check })
  return { violation, token, faults, story, file }
}
