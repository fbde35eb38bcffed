/**
 * What `npm install` brings: the packages that a program needs, with all that they need, and their size.
 *
 * Read from the folders that are installed, because a lock file knows no sizes. A package is looked for
 * as Node looks for it: beside its user first, then in every folder above.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** How much is installed. */
export interface Installed {
  readonly packages: number
  readonly bytes: number
}

/** The named packages and all that they depend on, as they are installed under `root`. */
export function installed(root: string, names: readonly string[]): Installed {
  const found = new Set<string>()
  const open = names.map((name) => folderOf(name, root))
  for (let folder = open.pop(); folder !== undefined; folder = open.pop()) {
    if (found.has(folder)) continue
    found.add(folder)
    const from = folder
    open.push(...dependenciesOf(folder).map((name) => folderOf(name, from)))
  }
  const bytes = [...found].reduce((sum, folder) => sum + bytesIn(folder), 0)
  return { packages: found.size, bytes }
}

/** The bytes of all files in a folder, without the packages that are nested in it. */
export function bytesIn(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    if (entry.name === 'node_modules') return sum
    const path = join(folder, entry.name)
    return sum + (entry.isDirectory() ? bytesIn(path) : statSync(path).size)
  }, 0)
}

/** What a package cannot do without; optional ones are not counted, for anybody. */
export function dependenciesOf(folder: string): readonly string[] {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const dependencies: unknown = Reflect.get(Object(manifest), 'dependencies')
  return Object.keys(Object(dependencies))
}

function folderOf(name: string, from: string): string {
  for (let above = from; ; above = dirname(above)) {
    const folder = join(above, 'node_modules', name)
    if (existsSync(join(folder, 'package.json'))) return folder
    if (above === dirname(above)) throw new Error(`${name} is not installed for ${from}`)
  }
}
