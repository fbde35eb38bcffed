/**
 * What the map may be held against: the logs of a running system, or the simulation of this one.
 */
import { readFile } from 'node:fs/promises'
import { openPgliteMemory } from '#adapters'
import { HoldfastError } from '#errors'
import { type AnyFact, type Observation, Witness } from '#map'
import type { System } from '#model'
import { observed } from '#sim'
import { loadScenario } from './load-system.ts'
import { print } from './output.ts'

/** The facts of log files, as `holdfast dev` writes them: one JSON object a line. */
export async function observedInLogs(files: readonly string[]): Promise<Observation> {
  const witness = new Witness()
  for (const file of files) {
    // One file at a time: they may be large, and only one has to fit in memory.
    // oxlint-disable-next-line no-await-in-loop
    const lines = (await contentsOf(file)).split('\n').filter((line) => line !== '')
    const facts = lines.flatMap((line) => factIn(line) ?? [])
    if (lines.length > 0 && facts.length === 0) {
      throw new HoldfastError('HF_USAGE', {
        detail: `${file} has ${lines.length} lines and none of them is a fact of a service`,
        fix: `${NAME_A_LOG} Traces of any other system are read by --from-otlp.`,
      })
    }
    for (const fact of facts) witness.see(fact)
  }
  return witness.observation()
}

const NAME_A_LOG = 'Name a log of a running system, such as .holdfast/logs/orders.jsonl.'

async function contentsOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be read`,
      fix: NAME_A_LOG,
      cause,
    })
  }
}

/** The fact of a line; a line that was torn by a crash holds none. */
function factIn(line: string): AnyFact | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isFact(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isFact(value: unknown): value is AnyFact {
  return (
    typeof value === 'object' && value !== null && 'fact' in value && typeof value.fact === 'string'
  )
}

/** The facts of simulated worlds. What was violated there is told, for the map shows it anyway. */
export async function observedInWorlds(
  folder: string,
  system: System,
  seeds: number,
): Promise<Observation> {
  const scenario = await loadScenario(folder)
  const options = { ...scenario, seeds, postgres: openPgliteMemory }
  const { observation, result } = await observed(system, options)
  const { violations } = result
  if (violations.length > 0) {
    const seed = violations[0]?.seed ?? 0
    print(
      `${violations.length} of ${result.seeds} worlds had a violation; \`holdfast replay ${seed} ${folder}\` shows the first`,
      process.stderr,
    )
  }
  return observation
}
