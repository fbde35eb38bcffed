/**
 * `npm run planted`: every planted bug is hunted, and each that is found is shrunk.
 *
 *   npm run planted -- --json                 one line of JSON for each bug
 *   npm run planted -- lost-update dual-write only these
 *   npm run planted -- --right --seeds 1000   the same systems without the bugs
 *
 * Exits with 1 if a bug was not found within 60 CPU seconds or needs more than 3 faults, or if a right
 * system failed.
 */
import { execFile } from 'node:child_process'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { bugs } from './bugs.ts'
import { FAULTS_MAX, type Found } from './hunt.ts'
import { survive } from './survive.ts'

const HUNT = fileURLToPath(new URL('./hunt.ts', import.meta.url))

/** Plants and hunts one bug, in a process of its own. */
export async function hunted(name: string): Promise<Found> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=holdfast-src',
    HUNT,
    name,
  ])
  // The last line is what `hunt.ts` printed, so it is a `Found`.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Found
}

/** True if it was found in time and shrunk. */
export function isShown({ found, faults }: Found): boolean {
  return found && faults !== undefined && faults <= FAULTS_MAX
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    args: argv.slice(2),
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      right: { type: 'boolean' },
      seeds: { type: 'string', default: '100' },
    },
  })
  if (values.right === true) return survive(positionals, Number(values.seeds))
  const known = new Set(bugs.map(({ name }) => name))
  const unknown = positionals.find((name) => !known.has(name))
  if (unknown !== undefined) throw new Error(`no bug is called '${unknown}'`)
  for (const name of positionals.length === 0 ? known : positionals) {
    // oxlint-disable-next-line no-await-in-loop -- CPU time is measured: one bug at a time.
    const result = await hunted(name)
    if (!isShown(result)) process.exitCode = 1
    console.log(values.json === true ? JSON.stringify(result) : told(result))
  }
}

function told({ name, found, cpuSeconds, faults, seeds, check, story }: Found): string {
  const effort = `${cpuSeconds.toFixed(1)} CPU s, ${seeds} seed${seeds === 1 ? '' : 's'}`
  if (!found) return `✗ ${name}  not found in ${effort}`
  const [, took = '', where = ''] = story
  return `✓ ${name}  ${effort}, ${faults} fault${faults === 1 ? '' : 's'}  “${check}”\n    ${took}\n    ${where}`
}

if (import.meta.main) await main()
