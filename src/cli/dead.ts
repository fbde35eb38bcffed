/**
 * `holdfast dead`: looks at the events that were given up, lets them go again, or goes on without.
 */
import { userInfo } from 'node:os'
import { type Decision, listDead, redrive, showDead, skip } from '#edge'
import type { System } from '#model'
import { HoldfastError } from '#errors'
import { withEachDatabase } from './databases.ts'
import { loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'

interface DeadOptions {
  readonly json?: boolean
  readonly edge?: string
}

interface SkipOptions extends DeadOptions {
  readonly reason: string
  readonly yes?: boolean
}

/** Prints the dead letters; exits with 1 if there are any. */
export async function deadList(folder: string, options: DeadOptions): Promise<void> {
  const system = await loadSystem(folder)
  const filter = filterOf(system, options)
  const found = await withEachDatabase(system, async (_service, database) =>
    listDead(database, filter),
  )
  const letters = found.flat()
  if (letters.length > 0) process.exitCode = 1
  if (options.json) return printJson({ dead: letters })
  for (const each of letters) {
    print(
      `${paint('cyan', each.edge)}  ${each.event}  key ${each.key || '(none)'}  id ${each.id}  ${each.attempts} tries`,
    )
    print(`    ${paint('dim', each.error)}`)
  }
  print(
    letters.length === 0
      ? 'no dead letters'
      : `${letters.length} dead; holdfast dead redrive lets them go again`,
  )
}

/** Redrives the dead letters. */
export async function deadRedrive(folder: string, options: DeadOptions): Promise<void> {
  const system = await loadSystem(folder)
  const filter = filterOf(system, options)
  const counts = await withEachDatabase(system, async (service, database) => ({
    service: service.name,
    redriven: await redrive(database, filter, decision('redriven from the command line')),
  }))
  if (options.json) return printJson({ services: counts })
  for (const { service, redriven } of counts)
    print(`${paint('cyan', service.padEnd(12))} ${redriven} redriven`)
}

/** Prints all that is known of one dead letter; exits with 1 if there is none. */
export async function deadShow(id: string, folder: string, options: DeadOptions): Promise<void> {
  const system = await loadSystem(folder)
  const all = await withEachDatabase(system, async (_service, database) => showDead(database, id))
  const letter = all.find((each) => each !== undefined)
  if (letter === undefined) process.exitCode = 1
  if (options.json) return printJson({ dead: letter ?? null })
  if (letter === undefined) return print(`there is no dead letter with the id ${id}`)
  const { payload, ...rest } = letter
  for (const [name, value] of Object.entries(rest))
    print(`${paint('dim', name.padEnd(12))} ${value}`)
  print(`${paint('dim', 'payload'.padEnd(12))} ${JSON.stringify(payload, undefined, 2)}`)
}

/** Takes one dead letter out of its way for good; without `yes`, only says what that would do. */
export async function deadSkip(id: string, folder: string, options: SkipOptions): Promise<void> {
  const system = await loadSystem(folder)
  const results = await withEachDatabase(system, async (_service, database) => {
    const letter = await showDead(database, id)
    const isMeant = letter !== undefined && options.yes === true
    const skipped = isMeant ? await skip(database, { id }, decision(options.reason)) : 0
    return letter === undefined ? [] : [{ letter, skipped }]
  })
  const found = results.flat()
  if (found.length === 0) process.exitCode = 1
  if (options.json) return printJson({ dryRun: options.yes !== true, skipped: found })
  if (found.length === 0) return print(`there is no dead letter with the id ${id}`)
  for (const { letter, skipped } of found) {
    const what = `${paint('cyan', letter.edge)}  ${letter.event}  key ${letter.key || '(none)'}`
    print(`${what}  ${letter.holdsUp} later events of the key wait for it`)
    print(skipped > 0 ? 'skipped' : 'nothing was changed; --yes skips it for good')
  }
}

function decision(reason: string): Decision {
  return { by: userInfo().username, reason }
}

function filterOf(system: System, { edge }: DeadOptions): { readonly edge?: string } {
  if (edge === undefined) return {}
  const names = system.eventEdges.map(({ name }) => name)
  if (names.includes(edge)) return { edge }
  throw new HoldfastError('HF_USAGE', {
    detail: `there is no event edge '${edge}'; there are ${names.join(', ')}`,
  })
}
