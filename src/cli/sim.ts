/**
 * `holdfast sim`: runs the services in simulated worlds, one for each seed, and says what broke.
 *
 * The first seed that fails is shrunk, told in three sentences, drawn, and written down; seeds that were
 * written down run first, and are no part of the trace hash.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { openPgliteMemory } from '#adapters'
import type { System } from '#model'
import {
  drawn,
  everywhere,
  type Everywhere,
  type Scenario,
  type SeedResult,
  shrink,
  simulateEach,
  type SimulateWith,
  type SimulationResult,
  storyOf,
  summarized,
  type Violation,
} from '#sim'
import { HoldfastError } from '#errors'
import { nodeClock } from '#world'
import { loadScenario, loadSystem } from './load-system.ts'
import { print, printJson } from './output.ts'
import { FOUND_FOLDER, regressionSeeds, remember } from './regressions.ts'
import { printHunt, type Told } from './sim-report.ts'
import { inWorkers } from './sim-workers.ts'
import { wholeNumber } from './whole-number.ts'

interface SimOptions {
  readonly json?: boolean
  readonly seeds: string
  readonly first: string
  readonly workers?: string
  readonly mode: string
}

/** What is hunted, and how. */
interface Hunt {
  readonly folder: string
  readonly system: System
  readonly scenario: Scenario
  readonly seeds: readonly number[]
  readonly workers: number
  readonly asJson: boolean
}

const WORKERS_MAX = 64

/** Fewer seeds than this are not worth a second process, which has to start its databases. */
const SEEDS_PER_WORKER_MIN = 10

/** Exits with 1 if any seed violated anything. */
export async function sim(folder: string, options: SimOptions): Promise<void> {
  const first = wholeNumber('--first', options.first, 2 ** 32)
  const count = wholeNumber('--seeds', options.seeds, 1_000_000)
  const workers = options.workers ?? String(availableParallelism())
  const hunt: Hunt = {
    folder,
    system: await loadSystem(folder),
    scenario: await loadScenario(folder),
    seeds: Array.from({ length: count }, (_, index) => first + index),
    workers: Math.max(1, wholeNumber('--workers', workers, WORKERS_MAX)),
    asJson: options.json === true,
  }
  const result =
    options.mode === 'random' ? await random(hunt) : await exhaustive(hunt, options.mode)
  const told = await toldOf(hunt, result.violations[0])
  if (result.violations.length > 0) process.exitCode = 1
  if (hunt.asJson) return printJson({ ...result, ...(told === undefined ? {} : { told }) })
  printHunt(result, folder, told)
}

async function random(hunt: Hunt): Promise<SimulationResult> {
  const { system, scenario, seeds } = hunt
  const startedMs = nodeClock.monotonicMs()
  const before = await regressionSeeds(hunt.folder, system.name)
  const old = before.length === 0 ? [] : await simulateEach(system, withEngine(scenario, before))
  const results = await hunted(hunt)
  const inRange = new Set(seeds)
  const result = summarized(results, scenario, nodeClock.monotonicMs() - startedMs)
  const again = old.flatMap(({ violations }) => violations).filter(({ seed }) => !inRange.has(seed))
  return { ...result, violations: [...again, ...result.violations] }
}

async function hunted(hunt: Hunt): Promise<readonly SeedResult[]> {
  const { folder, system, scenario, seeds } = hunt
  const workers = Math.min(hunt.workers, Math.floor(seeds.length / SEEDS_PER_WORKER_MIN))
  if (workers < 2) return simulateEach(system, withEngine(scenario, seeds))
  const stop = new AbortController()
  const onInterrupt = (): void => stop.abort()
  process.once('SIGINT', onInterrupt)
  const onProgress = progress(hunt)
  try {
    return await inWorkers({ folder, seeds, workers, signal: stop.signal, onProgress })
  } finally {
    process.off('SIGINT', onInterrupt)
    if (isWatched(hunt)) process.stderr.write('\r\u001B[K')
  }
}

/** One line that is written over and over, if somebody looks. */
function progress(hunt: Hunt): (results: readonly SeedResult[]) => void {
  if (!isWatched(hunt)) return () => undefined
  const startedMs = nodeClock.monotonicMs()
  let done = 0
  let failed = 0
  return (results) => {
    done += results.length
    failed += results.filter(({ violations }) => violations.length > 0).length
    const perSecond = done / ((nodeClock.monotonicMs() - startedMs) / 1_000)
    const leftS = (hunt.seeds.length - done) / perSecond
    const line = `${done} of ${hunt.seeds.length} seeds, ${perSecond.toFixed(1)} a second, ${failed} failed, ${leftS.toFixed(0)} s left`
    process.stderr.write(`\r\u001B[K${line}`)
  }
}

function isWatched({ asJson }: Hunt): boolean {
  return !asJson && process.stderr.isTTY
}

async function exhaustive(hunt: Hunt, mode: string): Promise<SimulationResult> {
  const { system, scenario, seeds } = hunt
  const known: Readonly<Record<string, Everywhere>> = {
    'crash-everywhere': 'crash',
    'partition-everywhere': 'one-way-partition',
  }
  const kind = known[mode]
  if (kind === undefined) {
    throw new HoldfastError('HF_USAGE', {
      detail: `--mode is random, ${Object.keys(known).join(' or ')}, not '${mode}'`,
    })
  }
  return everywhere(system, {
    ...withEngine(scenario, seeds.slice(0, 1)),
    kind,
    runsMax: seeds.length,
  })
}

function withEngine(scenario: Scenario, seeds: readonly number[]): SimulateWith {
  return { ...scenario, seeds, postgres: openPgliteMemory }
}

/** Shrinks, tells, draws and writes down the first violation. */
async function toldOf(hunt: Hunt, violation: Violation | undefined): Promise<Told | undefined> {
  if (violation === undefined) return undefined
  const { system, scenario } = hunt
  const { seed, check, plan } = violation
  const options = { ...withEngine(scenario, [seed]), ...(plan === undefined ? {} : { plan }) }
  const shrunk = await shrink(system, options, violation)
  if (shrunk === undefined) {
    if (!hunt.asJson)
      print(`seed ${seed} did not fail again: something in it is not decided by the seed`)
    return undefined
  }
  const { token, faults } = shrunk
  const story = storyOf(shrunk)
  const file = join(FOUND_FOLDER, `${seed}.html`)
  await mkdir(FOUND_FOLDER, { recursive: true })
  const title = `${system.name}: ${check}`
  await writeFile(file, drawn({ title, steps: shrunk.result.steps ?? [], story, token }))
  if (plan === undefined) await remember({ scenario: system.name, seed, token, check })
  return { violation, token, faults, story, file }
}
