/**
 * `holdfast map --diff REV`: the arrows and numbers that differ since a revision.
 */
import { differencesOf, differenceTable, graphOf, mapOf, type SystemMap } from '#map'
import type { System } from '#model'
import { loadSystem } from './load-system.ts'
import { print, printJson } from './output.ts'
import { atRevision } from './revision.ts'

/** Prints what differs between `drawn` and the map of the folder at a revision. */
export async function printDifferences(
  folder: string,
  { diff, json }: { readonly diff: string; readonly json?: boolean },
  drawn: SystemMap,
): Promise<void> {
  const before = await atRevision(folder, diff, async (old) =>
    underSameAssumptions(await loadSystem(old), drawn),
  )
  const differences = differencesOf(before, drawn)
  if (json) printJson({ since: diff, differences })
  else print(differenceTable(differences, diff))
}

/** What is assumed now is assumed then, of whatever was there; else the numbers would differ by it. */
function underSameAssumptions(system: System, { assumed }: SystemMap): SystemMap {
  const { services, stores } = graphOf(system)
  const there = new Set([...services, ...stores].map(({ name }) => name))
  const { availability, availabilityDefault } = assumed
  const known = Object.entries(availability).filter(([name]) => there.has(name))
  return mapOf(system, { availabilityDefault, availability: Object.fromEntries(known) })
}
