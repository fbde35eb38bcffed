/**
 * `holdfast prove`: every failure that Holdfast exists to defeat, and what stands behind the claim.
 *
 * The list of failures is docs/failures/README.md. What stands behind one is read from its test file:
 * its story from the header, its claims from the names of the tests. Nothing is kept in a second place,
 * so a claim without a test cannot be printed.
 *
 * Exit codes: 0; with `--run` 1 if a test failed; 2 where the tests are not: they are in the repository
 * and not in the package.
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '#errors'
import { paint, print, printJson } from './output.ts'

/** One failure, and what stands behind the claim that it does no harm. */
export interface Proof {
  readonly id: string
  readonly name: string
  /** What goes wrong. */
  readonly failure: string
  /** True if a test shows the harm without the protection, and none with it. */
  readonly built: boolean
  /** The names of the tests: each is a sentence that is true. */
  readonly tests: readonly string[]
  /** The file of the tests, from the root of the repository. */
  readonly file: string | undefined
  /** The page that explains it, from the root of the repository. */
  readonly page: string | undefined
}

interface ProveOptions {
  readonly run?: boolean
  readonly json?: boolean
}

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** Prints all failures, or one of them by its id or name; with `run`, runs the tests behind them. */
export async function prove(wanted: string | undefined, options: ProveOptions): Promise<void> {
  const proofs = chosen(proofsIn(ROOT), wanted)
  if (options.run === true) process.exitCode = await passes(proofs)
  else if (options.json === true) printJson(proofs)
  else if (wanted === undefined) printTable(proofs)
  else for (const proof of proofs) printOne(proof)
}

/** What stands behind each failure, in the order of the list of failures. */
export function proofsIn(root: string): readonly Proof[] {
  const list = join(root, 'docs/failures/README.md')
  if (!existsSync(list)) {
    throw new HoldfastError('HF_USAGE', {
      detail: 'the failures and their tests are not part of the package',
      fix: 'Clone the repository of Holdfast and run `npm run holdfast -- prove` in it.',
    })
  }
  const rows = readFileSync(list, 'utf8').matchAll(/^\| ([A-Z]\d+) +\| (.+?) +\| (.+?) +\|/gm)
  return [...rows].map(([, id = '', cell = '', failure = '']) => {
    const name = /[a-z0-9-]+/.exec(cell)?.[0] ?? ''
    const [file, page] = [`test/failures/${name}.test.ts`, `docs/failures/${name}.md`]
    const tests = existsSync(join(root, file))
      ? testsIn(readFileSync(join(root, file), 'utf8'))
      : []
    return {
      id,
      name,
      failure,
      built: tests.length > 0,
      tests,
      file: tests.length > 0 ? file : undefined,
      page: existsSync(join(root, page)) ? page : undefined,
    }
  })
}

/** The names of the tests in a source. */
export function testsIn(source: string): readonly string[] {
  return [...source.matchAll(/^\s*test\(\s*(['"`])(.+?)\1,/gm)].map(([, , name = '']) => name)
}

function chosen(proofs: readonly Proof[], wanted: string | undefined): readonly Proof[] {
  if (wanted === undefined) return proofs
  const found = proofs.filter(({ id, name }) => id === wanted.toUpperCase() || name === wanted)
  if (found.length > 0) return found
  throw new HoldfastError('HF_USAGE', {
    detail: `no failure is called '${wanted}'`,
    fix: 'Run `holdfast prove` for the list of ids and names.',
  })
}

function printTable(proofs: readonly Proof[]): void {
  const width = Math.max(...proofs.map(({ name }) => name.length))
  for (const { id, name, failure, built, tests } of proofs) {
    const [colour, count] = built
      ? (['green', `${tests.length} tests`] as const)
      : (['dim', '–'] as const)
    print(`${id.padEnd(3)} ${paint(colour, name.padEnd(width))}  ${count.padEnd(8)} ${failure}`)
  }
  const built = proofs.filter((each) => each.built).length
  print(`\n${built} of ${proofs.length} are shown by tests; \`holdfast prove NAME\` tells how.`)
}

function printOne({ id, name, failure, built, tests, file, page }: Proof): void {
  print(`${id} ${paint('bold', name)}: ${failure}`)
  for (const each of tests) print(`  ${paint('green', '·')} ${each}`)
  if (!built) print('  Nothing stands behind it yet.')
  if (page !== undefined) print(`  read  ${page}`)
  if (file !== undefined) print(`  run   npm run test:files -- ${file}`)
}

/** Runs the tests in a process of their own; 0 if all passed. */
async function passes(proofs: readonly Proof[]): Promise<number> {
  const files = proofs.flatMap(({ file }) => file ?? [])
  if (files.length === 0) {
    throw new HoldfastError('HF_USAGE', {
      detail: 'nothing stands behind it yet: there is no test to run',
    })
  }
  const flags = ['--conditions=holdfast-src', '--test', '--test-isolation=none']
  const child = spawn(process.execPath, [...flags, ...files], { cwd: ROOT, stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code === 0 ? 0 : 1))
  })
}
