/**
 * What `holdfast sim` prints for people: the numbers, the failure explained, and what was never tried.
 */
import type { SimulationResult, Struck } from '#sim'
import { paint, print } from './output.ts'
import type { Told } from './sim-told.ts'

/** Failing seeds that are listed; the rest is counted. */
const LISTED_MAX = 10

/** Places that a fault never struck, listed. */
const UNTRIED_MAX = 6

/** What was hunted, as the user named it. */
interface Named {
  readonly folder: string
  /** The version that took part: without it, a token runs another world. */
  readonly version: string | undefined
}

/** Prints the result of a hunt. */
export function printHunt(result: SimulationResult, named: Named, told: Told | undefined): void {
  const { seeds, simulatedMs, wallMs, events, traceHash, violations } = result
  const rate = (seeds / (wallMs / 1_000)).toFixed(1)
  const simulated = `${(simulatedMs / 1_000).toFixed(0)} simulated s in ${(wallMs / 1_000).toFixed(1)} s`
  print(`${seeds} seeds, ${simulated} (${rate} seeds/s), ${events} events, trace ${traceHash}`)
  printCoverage(result)
  if (told !== undefined) printTold(told, named)
  for (const each of violations.slice(0, LISTED_MAX)) {
    print(
      `${paint('red', '✗')} ${each.check}  ${paint('dim', `seed ${each.seed}`)}  ${each.detail}`,
    )
  }
  if (violations.length > LISTED_MAX) print(`  and ${violations.length - LISTED_MAX} more`)
  const isGood = violations.length === 0
  print(
    isGood ? paint('green', 'no violation') : `${paint('red', 'violated')}  ${violations.length}`,
  )
}

function printTold(
  { violation, token, faults, story, file }: Told,
  { folder, version }: Named,
): void {
  const needed = `${faults.length} of ${violation.faults.length} faults needed`
  print(`\n${paint('red', 'FAIL')}  “${violation.check}”  seed ${violation.seed}  ${needed}`)
  for (const sentence of story) print(`  ${sentence}`)
  const beside = version === undefined ? '' : ` --with ${version}`
  print(`  again    holdfast replay ${token} ${folder}${beside}`)
  print(`  picture  ${file}\n`)
}

function printCoverage({ coverage, unreached, faultsFired }: SimulationResult): void {
  const fired = Object.entries(faultsFired).map(([kind, times]) => `${kind} ${times}×`)
  print(`${paint('dim', 'faults')}  ${fired.join('  ') || 'none fired'}`)
  const untried = coverage.flatMap(untriedOf)
  for (const line of untried.slice(0, UNTRIED_MAX)) print(`${paint('dim', 'never')}  ${line}`)
  if (untried.length > UNTRIED_MAX) {
    print(
      `${paint('dim', 'never')}   and so ${untried.length - UNTRIED_MAX} other places (--json has all)`,
    )
  }
  for (const sentence of unreached) print(`${paint('yellow', 'never true')}  ${sentence}`)
}

/** What never happened to the messages of an operation, in words. */
const SPARED: Readonly<Record<string, string>> = {
  loss: 'lost a request',
  'lost-answer': 'lost an answer',
  duplicate: 'been asked twice',
  delay: 'been asked late',
  refused: 'refused a connection',
  reset: 'had a connection reset',
  'corrupted-answer': 'had an answer spoilt',
}

/** `payments.charge has never lost an answer in your tests`, or what another place was spared. */
function untriedOf({ place, faults }: Struck): readonly string[] {
  const spared = Object.entries(faults).flatMap(([kind, times]) => (times === 0 ? [kind] : []))
  if (spared.length === 0) return []
  const words = spared.flatMap((kind) => SPARED[kind] ?? [])
  const isOperation = /[.<]/.test(place) && words.length === spared.length
  if (isOperation) return [`${place} has never ${words.join(' or ')} in your tests`]
  return [`${place} has had no ${spared.join(', no ')} in your tests`]
}
