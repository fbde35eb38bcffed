/**
 * Reads a service's migrations from its folder. Parsing and applying them is `state`'s.
 */
import { readdir, readFile } from 'node:fs/promises'
import { HoldfastError } from '#errors'
import type { Service } from '#model'
import { type Migration, parseMigrations } from '#state'

/**
 * The migrations of a service, in order.
 *
 * @throws HF_MIGRATION_INVALID (effect none) if the folder cannot be read or a name is wrong.
 */
export async function readMigrations(service: Service): Promise<readonly Migration[]> {
  const folder = service.db.migrations
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted()
    const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
    const files = names.map(async (fileName) => ({
      fileName,
      text: await readFile(new URL(encodeURIComponent(fileName), base), 'utf8'),
    }))
    return parseMigrations(await Promise.all(files))
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause
    throw new HoldfastError('HF_MIGRATION_INVALID', {
      detail: `the migrations of '${service.name}' cannot be read from ${folder.pathname}`,
      cause,
    })
  }
}
