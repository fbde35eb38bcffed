/**
 * Results on disk: `bench/results/<date>-<commit>.json`, one file for a commit and a day, with every
 * bench that was run on it.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isoMoment, nodeClock } from '#world'
import { writePage } from './page.ts'
import type { Report } from './report.ts'

/** What one file holds. */
export interface Result {
  readonly date: string
  readonly commit: string
  /** True if the sources differed from the commit. */
  readonly isDirty: boolean
  readonly node: string
  readonly reports: readonly Report[]
}

const RESULTS = new URL('../results/', import.meta.url)
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Adds the report to the file of this commit and day, and writes the page. Gives the paths. */
export function save(report: Report): readonly string[] {
  const { date, commit } = commitNow()
  const file = new URL(`${date}-${commit}.json`, RESULTS)
  const earlier = existsSync(file) ? readResult(file).reports : []
  const kept = earlier.filter(({ bench }) => bench !== report.bench)
  const result: Result = {
    date,
    commit,
    isDirty: git('status', '--porcelain', 'src') !== '',
    node: process.versions.node,
    reports: [...kept, report],
  }
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  const paths = [fileURLToPath(file), ...writePage(result)]
  format(paths)
  return paths
}

/** The day, and the commit that the sources stand at. */
export function commitNow(): Pick<Result, 'date' | 'commit'> {
  const date = isoMoment(nodeClock.wallMs()).slice(0, 10)
  return { date, commit: git('rev-parse', '--short', 'HEAD') }
}

/** The newest result that is committed, or `undefined` if there is none. */
export function lastCommitted(): Result | undefined {
  const [newest] = git('log', '--format=', '--name-only', '--diff-filter=AM', '--', 'bench/results')
    .split('\n')
    .filter((path) => path.endsWith('.json'))
  const text = newest === undefined ? undefined : git('show', `HEAD:${newest}`)
  // The file was written by `save`.
  return text === undefined ? undefined : (JSON.parse(text) as Result)
}

/** A result on disk. */
export function readResult(file: string | URL): Result {
  // As above.
  return JSON.parse(readFileSync(file, 'utf8')) as Result
}

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
}

/** What is generated has the shape of what is written by hand. */
function format(paths: readonly string[]): void {
  execFileSync('oxfmt', paths, { cwd: ROOT, stdio: 'ignore' })
}
