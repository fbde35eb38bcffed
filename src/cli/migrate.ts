/**
 * `holdfast migrate`: brings every service's database to the declared schema, or says what it would do.
 */
import { readMigrations } from '#host'
import { migrate, migrationStatus } from '#state'
import { withEachDatabase } from './databases.ts'
import { loadSystem } from './load-system.ts'
import { paint, print, printJson } from './output.ts'

/** Applies, or with `dryRun` lists, what is pending. */
export async function migrateAll(
  folder: string,
  options: { readonly json?: boolean; readonly dryRun?: boolean },
): Promise<void> {
  const system = await loadSystem(folder)
  const results = await withEachDatabase(system, async (service, database) => {
    const declared = await readMigrations(service)
    const steps = options.dryRun
      ? (await migrationStatus(database, declared)).pending
      : await migrate(database, declared)
    return { service: service.name, files: steps.map(({ fileName }) => fileName) }
  })
  if (options.json) return printJson({ dryRun: options.dryRun === true, services: results })
  const verb = options.dryRun ? 'pending' : 'applied'
  for (const { service, files } of results) {
    print(
      `${paint('cyan', service.padEnd(12))} ${files.length} ${verb}${files.length ? `: ${files.join(', ')}` : ''}`,
    )
  }
}
