/**
 * Compiles texts as if they were files of this repository, and gives what the compiler says.
 *
 * The files are written below `.holdfast/`, which git ignores: inside the package, so that they may
 * import `'holdfast'` as a user does, and outside of `node_modules`, where a package has no name.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** One error of the compiler. */
export interface Complaint {
  readonly file: string
  readonly line: number
  /** All lines of the message. */
  readonly message: string
}

/** Longest that the compiler may take, in ms; it takes about one second. */
const COMPILE_MS_MAX = 60_000

/** Type-checks `files` (path to text) with the settings of the repository, under `.holdfast/name`. */
export function complaints(
  name: string,
  files: Readonly<Record<string, string>>,
): readonly Complaint[] {
  const folder = join('.holdfast', 'compile', name)
  rmSync(folder, { recursive: true, force: true })
  for (const [path, text] of Object.entries(files)) write(join(folder, path), text)
  write(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ extends: '../../../tsconfig.json', include: ['**/*.ts'], exclude: [] }),
  )
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc')
  const { status, stdout, error } = spawnSync(
    process.execPath,
    [tsc, '--project', folder, '--pretty', 'false'],
    { encoding: 'utf8', timeout: COMPILE_MS_MAX },
  )
  if (error !== undefined) throw error
  const all = parse(stdout, folder)
  // A compiler that fails without saying where would look like one that has nothing to say.
  if (status !== 0 && all.length === 0) throw new Error(`tsc ended with ${status}: ${stdout}`)
  return all
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

/** `path(12,3): error TS1: what`, and indented lines that go on. */
function parse(output: string, folder: string): Complaint[] {
  const heads = output.split(/^(?=\S+\(\d+,\d+\): error )/m)
  return heads.flatMap((block) => {
    const [, path, line, message] = /^(\S+)\((\d+),\d+\): error ([\s\S]*)$/.exec(block) ?? []
    if (path === undefined || message === undefined) return []
    const file = relative(folder, path).replaceAll('\\', '/')
    return [{ file, line: Number(line), message: message.trim() }]
  })
}
