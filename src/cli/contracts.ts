/**
 * `holdfast contracts --diff REV`: what a change of contracts breaks, and whom.
 *
 * Exit codes: 0 nobody in the system is broken; 1 somebody is, or may be; 2 the command line or a
 * declaration is wrong. Old versions of callers run beside new providers in every deployment: that is
 * what is judged.
 */
import { breaksBetween, breakTable } from '#map'
import { loadSystem } from './load-system.ts'
import { print, printJson } from './output.ts'
import { atRevision } from './revision.ts'

/** Prints what changed since a revision, and exits with 1 if somebody notices. */
export async function contracts(
  folder: string,
  { diff, json }: { readonly diff: string; readonly json?: boolean },
): Promise<void> {
  const after = await loadSystem(folder)
  const before = await atRevision(folder, diff, loadSystem)
  const breaks = breaksBetween(before, after)
  if (json) printJson({ since: diff, breaks })
  else print(breakTable(breaks, diff))
  if (breaks.some((each) => each.breaks.length > 0)) process.exitCode = 1
}
