/**
 * `holdfast dead`: looks at the events that were given up, lets them go again, or goes on without.
 *
 * Invariants:
 *   D1. Without `--yes` nothing is changed: the command says what it would do.
 *   D2. What was done is on record with who did it and why, and `dead decisions` shows it.
 */
import { userInfo } from 'node:os'
import {
  type DeadCause,
  deadCauses,
  deadDecisions,
  type DeadFilter,
  type DeadLetterWhole,
  type Decision,
  listDead,
  redrive,
  showDead,
  skip,
} from '#edge'
import { HoldfastError } from '#errors'
import { durationText, plural } from '#map'
import type { System } from '#model'
import { withEachDatabase } from './databases.ts'
import { loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'

interface DeadOptions {
  readonly json?: boolean
}

interface FilterOptions extends DeadOptions {
  readonly edge?: string
  readonly code?: string
}

interface RedriveOptions extends FilterOptions {
  readonly id?: string
  readonly reason?: string
  readonly yes?: boolean
}

interface SkipOptions extends DeadOptions {
  readonly edge?: string
  readonly reason: string
  readonly yes?: boolean
}

/** Prints the dead letters by their causes; exits with 1 if there are any. */
export async function deadList(folder: string, options: FilterOptions): Promise<void> {
  const system = await loadSystem(folder)
  const filter = filterOf(system, options)
  const causes = await causesIn(system, filter)
  if (causes.length > 0) process.exitCode = 1
  if (options.json) {
    const found = await withEachDatabase(system, async (_service, database) =>
      listDead(database, filter),
    )
    return printJson({ causes, dead: found.flat() })
  }
  for (const each of causes) printCause(each)
  print(
    causes.length === 0
      ? 'no dead letters'
      : `${sumOf(causes)} dead; holdfast dead redrive lets them go again`,
  )
}

/** Lets dead letters go again; without `yes`, only says which. */
export async function deadRedrive(folder: string, options: RedriveOptions): Promise<void> {
  const system = await loadSystem(folder)
  const filter = filterOf(system, options)
  const isMeant = options.yes === true
  const causes = await causesIn(system, filter)
  const reason = options.reason ?? 'redriven from the command line'
  const counts = await withEachDatabase(system, async (service, database) => ({
    service: service.name,
    redriven: isMeant ? await redrive(database, filter, decision(reason)) : 0,
  }))
  if (options.json) return printJson({ dryRun: !isMeant, causes, services: counts })
  if (!isMeant) for (const each of causes) printCause(each)
  const redriven = counts.reduce((sum, each) => sum + each.redriven, 0)
  if (isMeant) print(`${redriven} redriven`)
  else if (causes.length === 0) print('no dead letters')
  else print(`nothing was changed; --yes lets these ${sumOf(causes)} go again, in their order`)
}

/** Prints all that is known of one dead letter; exits with 1 if there is none. */
export async function deadShow(id: string, folder: string, options: DeadOptions): Promise<void> {
  const system = await loadSystem(folder)
  const letters = await lettersWith(system, { id })
  if (letters.length === 0) process.exitCode = 1
  if (options.json) return printJson({ dead: letters[0] ?? null, letters })
  if (letters.length === 0) return print(`there is no dead letter with the id ${id}`)
  for (const { payload, ...rest } of letters) {
    for (const [name, value] of Object.entries(rest))
      print(`${paint('dim', name.padEnd(12))} ${value}`)
    print(`${paint('dim', 'payload'.padEnd(12))} ${JSON.stringify(payload, undefined, 2)}`)
  }
}

/** Takes one dead letter out of its way for good; without `yes`, only says what that would do. */
export async function deadSkip(id: string, folder: string, options: SkipOptions): Promise<void> {
  const system = await loadSystem(folder)
  const isMeant = options.yes === true
  const filter = { ...filterOf(system, options), id }
  const letters = await lettersWith(system, filter)
  const counts = isMeant
    ? await withEachDatabase(system, async (_service, database) =>
        skip(database, filter, decision(options.reason)),
      )
    : []
  const skipped = counts.reduce((sum, each) => sum + each, 0)
  if (letters.length === 0) process.exitCode = 1
  if (options.json) return printJson({ dryRun: !isMeant, letters, skipped })
  if (letters.length === 0) return print(`there is no dead letter with the id ${id}`)
  for (const letter of letters) {
    const what = `${paint('cyan', letter.edge)}  ${letter.event}  key ${letter.key || '(none)'}`
    print(`${what}  ${plural(letter.holdsUp, 'later event')} of the key behind it`)
  }
  print(isMeant ? `${skipped} skipped` : 'nothing was changed; --yes skips it for good')
}

/** Prints what was decided about dead letters, by whom and why. */
export async function deadDecided(folder: string, options: DeadOptions): Promise<void> {
  const system = await loadSystem(folder)
  const found = await withEachDatabase(system, async (_service, database) =>
    deadDecisions(database),
  )
  const decisions = found.flat()
  if (options.json) return printJson({ decisions })
  for (const { at, action, by, edge, event, key, id, reason } of decisions) {
    print(`${paint('dim', at)}  ${action.padEnd(7)} ${by}  ${paint('cyan', edge)}  ${event}`)
    print(`    key ${key || '(none)'}  id ${id}  ${reason}`)
  }
  if (decisions.length === 0) print('nothing was decided yet')
}

async function causesIn(system: System, filter: DeadFilter): Promise<readonly DeadCause[]> {
  const found = await withEachDatabase(system, async (_service, database) =>
    deadCauses(database, filter),
  )
  return found.flat()
}

async function lettersWith(
  system: System,
  { id, edge }: { readonly id: string; readonly edge?: string },
): Promise<readonly DeadLetterWhole[]> {
  const found = await withEachDatabase(system, async (_service, database) =>
    showDead(database, id, edge),
  )
  return found.flat()
}

function printCause({ edge, event, cause, letters, keys, oldestMs, oldestId }: DeadCause): void {
  const count = `${letters} dead of ${plural(keys, 'key')}, the oldest for ${durationText(oldestMs)}`
  print(`${paint('cyan', edge)}  ${event}  ${count}`)
  print(`    ${cause}`)
  print(paint('dim', `    holdfast dead show ${oldestId}`))
}

function sumOf(causes: readonly DeadCause[]): number {
  return causes.reduce((sum, { letters }) => sum + letters, 0)
}

function decision(reason: string): Decision {
  return { by: userInfo().username, reason }
}

function filterOf(
  system: System,
  { edge, code, id }: { readonly edge?: string; readonly code?: string; readonly id?: string },
): DeadFilter {
  const names = system.eventEdges.map(({ name }) => name)
  if (edge === undefined || names.includes(edge)) {
    return {
      ...(edge === undefined ? {} : { edge }),
      ...(code === undefined ? {} : { code }),
      ...(id === undefined ? {} : { id }),
    }
  }
  throw new HoldfastError('HF_USAGE', {
    detail: `there is no event edge '${edge}'; there are ${names.join(', ')}`,
  })
}
