/**
 * `holdfast dead`: looks at the events that were given up, and lets them go again.
 */
import { listDead, redrive } from '#edge'
import type { System } from '#model'
import { HoldfastError } from '#errors'
import { withEachDatabase } from './databases.ts'
import { loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'

interface DeadOptions {
  readonly json?: boolean
  readonly edge?: string
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
    redriven: await redrive(database, filter),
  }))
  if (options.json) return printJson({ services: counts })
  for (const { service, redriven } of counts)
    print(`${paint('cyan', service.padEnd(12))} ${redriven} redriven`)
}

function filterOf(system: System, { edge }: DeadOptions): { readonly edge?: string } {
  if (edge === undefined) return {}
  const names = system.eventEdges.map(({ name }) => name)
  if (names.includes(edge)) return { edge }
  throw new HoldfastError('HF_USAGE', {
    detail: `there is no event edge '${edge}'; there are ${names.join(', ')}`,
  })
}
