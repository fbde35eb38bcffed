/**
 * Reads a schema that is not Holdfast's: one file of SQL, or a folder of them in the order of names.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { HoldfastError } from '#errors'
import type { Migration } from '#state'

/**
 * The whole text as one migration.
 *
 * @throws HF_MIGRATION_INVALID (effect none) if it cannot be read.
 */
export async function readSchema(schema: URL): Promise<readonly Migration[]> {
  try {
    const files = (await stat(schema)).isDirectory() ? await filesIn(schema) : [schema]
    const texts = await Promise.all(files.map(async (file) => readFile(file, 'utf8')))
    return [{ number: 1, name: 'schema', sql: texts.join('\n') }]
  } catch (cause) {
    throw new HoldfastError('HF_MIGRATION_INVALID', {
      detail: `the schema cannot be read from ${schema.pathname}`,
      cause,
    })
  }
}

async function filesIn(folder: URL): Promise<readonly URL[]> {
  const base = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql'))
  return names.toSorted().map((name) => new URL(encodeURIComponent(name), base))
}
