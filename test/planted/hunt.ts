/**
 * Plants one bug, hunts until a seed fails, shrinks that, and prints what came of it as JSON.
 *
 *   node --conditions=holdfast-src test/planted/hunt.ts lost-update
 *
 * A process of its own for each bug: a module that was loaded wrong stays wrong. The CPU time is that
 * of the whole process: Node's start and the boot of the databases are in it.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv, cpuUsage } from 'node:process'
import { fileURLToPath } from 'node:url'
import type { Shrunk } from '#sim'
import type { Violation } from 'holdfast/sim'
import { bugs } from './bugs.ts'
import { plant } from './plant.ts'

/** CPU time that a bug may take until it is found, in s. */
export const CPU_SECONDS_MAX = 60

/** Where the page of each failing run is left. */
const PICTURES = join('.holdfast', 'planted')

/** A bug that needs more faults than this was not shrunk. */
export const FAULTS_MAX = 3

/** What came of one hunt. */
export interface Found {
  readonly name: string
  readonly found: boolean
  /** From the start of the process to the first failing seed. */
  readonly cpuSeconds: number
  /** Faults that are left after shrinking; `undefined` where nothing was found. */
  readonly faults: number | undefined
  readonly shrinkCpuSeconds: number | undefined
  readonly seeds: number
  /** What was not true. */
  readonly check: string | undefined
  readonly story: readonly string[]
}

/** A world that does not even start, or a load that is wrong itself, shows no bug. */
const UNSOUND: ReadonlySet<string> = new Set(['start', 'escape', 'load'])

/** Violations with fewer faults than this are cheap to shrink. */
const FAULTS_FEW = 12

/** Seeds that are looked at for a violation with fewer faults. */
const SEEDS_MORE = 4

/** Runs some seeds of the system in which the bug is planted. */
type RunSeeds = (seeds: readonly number[]) => Promise<readonly Violation[]>

async function hunt(name: string): Promise<Found> {
  const bug = bugs.find((each) => each.name === name)
  if (bug === undefined) throw new Error(`no bug is called '${name}'`)
  plant(bug)
  // Only now: what is loaded before it is planted stays right.
  const { openPgliteMemory: postgres } = await import('#adapters')
  const { drawn, pictured, shrink, simplest, simulateEach, storyOf } = await import('#sim')
  const { loadScenario, loadSystem } = await import('../../src/cli/load-system.ts')
  const folder = fileURLToPath(new URL(`../../${bug.folder}`, import.meta.url))
  const system = await loadSystem(folder)
  const options = { ...(await loadScenario(folder)), postgres }
  const run: RunSeeds = async (seeds) =>
    (await simulateEach(system, { ...options, seeds })).flatMap(({ violations }) => violations)
  const first = await firstFailing(run)
  const [cpu, seeds] = [cpuSeconds(), first?.seed ?? 0]
  const nothing = { faults: undefined, shrinkCpuSeconds: undefined, check: undefined, story: [] }
  if (first === undefined) return { name, found: false, cpuSeconds: cpu, seeds, ...nothing }
  const shrinkOne = async (violations: readonly Violation[]): Promise<Shrunk | undefined> => {
    const violation = simplest(violations)
    return violation && shrink(system, { ...options, seeds: [violation.seed] }, violation)
  }
  let shrunk = await shrinkOne([first, ...(await alternatives(run, first))])
  if (shrunk === undefined || shrunk.faults.length > FAULTS_MAX) {
    const other = await shrinkOne(await later(run, first))
    if (other !== undefined && other.faults.length <= FAULTS_MAX) shrunk = other
  }
  const shrinkCpuSeconds = cpuSeconds() - cpu
  const story = shrunk === undefined ? [] : storyOf(shrunk)
  if (shrunk !== undefined) {
    mkdirSync(PICTURES, { recursive: true })
    const html = drawn({ title: `${name}: ${first.check}`, story, ...pictured(shrunk) })
    writeFileSync(join(PICTURES, `${name}.html`), html)
  }
  return {
    name,
    found: true,
    cpuSeconds: cpu,
    seeds,
    faults: shrunk?.faults.length,
    shrinkCpuSeconds,
    check: first.check,
    story,
  }
}

async function firstFailing(run: RunSeeds): Promise<Violation | undefined> {
  for (let seed = 1; cpuSeconds() < CPU_SECONDS_MAX; seed += 1) {
    // oxlint-disable-next-line no-await-in-loop -- the worlds share databases and globals.
    const [violation] = await run([seed])
    if (violation === undefined) continue
    if (!UNSOUND.has(violation.kind)) return violation
    throw new Error(`${violation.check}: ${violation.detail}`)
  }
  return undefined
}

/** What the next seeds violate, where the first one needs much shrinking. */
async function alternatives(run: RunSeeds, first: Violation): Promise<readonly Violation[]> {
  return first.faults.length < FAULTS_FEW ? [] : run(after(first.seed, SEEDS_MORE))
}

/** What seeds behind those violate, where what was shrunk is still not small. */
async function later(run: RunSeeds, first: Violation): Promise<readonly Violation[]> {
  return run(after(first.seed + SEEDS_MORE, 2 * SEEDS_MORE))
}

function after(seed: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => seed + 1 + index)
}

function cpuSeconds(): number {
  const { user, system } = cpuUsage()
  return (user + system) / 1e6
}

if (import.meta.main) console.log(JSON.stringify(await hunt(argv[2] ?? '')))
