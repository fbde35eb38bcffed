/**
 * `npm run bench:slowed`: would `bench:check` report a call path that has become 30 % slower?
 *
 * Method: the sources are copied, and the copy is measured three times: as it is, as it is again, and with
 * a loop in its call path that burns 30 % of what a call costs. The second must be reported as no
 * regression, the third as one. Nothing in the sources themselves can be made slow.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Bench } from './bench.ts'
import { regressions } from './compare.ts'
import { Noise } from './noise.ts'
import { report, type Report } from './report.ts'
import { inRounds } from './rounds.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SLOWER_BY = 0.3
const ROUNDS = 5
const CALLERS = 32

/** Whoever stands beside Holdfast in the ratios, and nobody else: three measurements take a minute each. */
const SUBJECTS: ReadonlySet<string> = new Set([
  'framed socket, by hand',
  'moleculer (TCP, policies)',
  'holdfast',
])

/** Where every call passes, and what is put before it. */
const PLACE = 'src/edge/call/caller.ts'
const LINE = /^.* pipelineOf\(reference\)\(.*$/m

const copy = copied()
try {
  const before = await measured()
  const again = await measured()
  const ours = before.rows.find(({ name }) => name === 'holdfast')?.value ?? Number.NaN
  const burntUs = ours * SLOWER_BY
  slowDown(burntUs)
  const slowed = await measured()

  const found = regressions([before], [slowed])
  const wrong = regressions([before], [again])
  console.log(`a call costs ${ours} µs of CPU; ${burntUs.toFixed(1)} µs were put into its path`)
  for (const line of found) console.log(`with them     ${line}`)
  for (const line of wrong) console.log(`without them  ${line}`)
  console.log(found.length > 0 && wrong.length === 0 ? 'reported, and only then' : 'NOT told apart')
  process.exitCode = found.length > 0 && wrong.length === 0 ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}

function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-slowed-'))
  for (const each of ['src', 'bench', 'examples', 'package.json']) {
    cpSync(join(ROOT, each), join(folder, each), { recursive: true, filter: isOurs })
  }
  for (const each of ['node_modules', 'bench/peers/node_modules']) {
    symlinkSync(join(ROOT, each), join(folder, each))
  }
  return folder
}

/** The packages are shared and not copied. */
function isOurs(path: string): boolean {
  return basename(path) !== 'node_modules'
}

/** The headline of `call`, measured in processes that run the copy. */
async function measured(): Promise<Report> {
  const { href } = pathToFileURL(join(copy, 'bench/call/bench.ts'))
  // The copy of a module of this folder.
  const { call } = (await import(href)) as { readonly call: (loads: [number]) => Promise<Bench> }
  const whole = await call([CALLERS])
  const bench: Bench = {
    ...whole,
    measures: [whole.measures[0]],
    subjects: whole.subjects.filter(({ name }) => SUBJECTS.has(name)),
  }
  return report(bench, ROUNDS, await inRounds(bench, ROUNDS, { noise: new Noise(), say }))
}

function say(line: string): void {
  console.error(line)
}

function slowDown(us: number): void {
  const file = join(copy, PLACE)
  const text = readFileSync(file, 'utf8')
  if (!LINE.test(text)) throw new Error(`${PLACE} has no line that matches ${LINE} any more`)
  const slower = text.replace(LINE, 'burn()\n$&')
  writeFileSync(file, `${slower}\n${burning(us)}`)
}

/** A loop of so many steps: a clock would count what others do meanwhile, or only moves every few ms. */
function burning(us: number): string {
  const steps = Math.round(us * stepsPerUs())
  return `
let sink = 0
function burn(): void {
  let burnt = 1
  for (let step = 0; step < ${steps}; step += 1) burnt = (burnt * 48_271) % 2_147_483_647
  sink = burnt
}
if (sink > 0) throw new Error('nothing was burnt yet')
`
}

/** How many steps of that loop a processor does, all of it counted over many of its ticks. */
function stepsPerUs(): number {
  const steps = 30_000_000
  const before = process.threadCpuUsage()
  let burnt = 1
  for (let step = 0; step < steps; step += 1) burnt = (burnt * 48_271) % 2_147_483_647
  const { user, system } = process.threadCpuUsage(before)
  return burnt === 0 ? Number.NaN : steps / (user + system)
}
