/**
 * `holdfast sim`: runs the services in simulated worlds, one for each seed, and says what broke.
 *
 * The simplest seed that fails is shrunk, told in three sentences, drawn, and written down; seeds that were
 * written down run first, and are no part of the trace hash.
 */
import { availableParallelism } from 'node:os'
import type { System } from '#model'
import {
  everywhere,
  type Everywhere,
  type Scenario,
  type SeedResult,
  simulateEach,
  type SimulationResult,
  summarized,
} from '#sim'
import { HoldfastError } from '#errors'
import { nodeClock } from '#world'
import { loadSubject } from './load-subject.ts'
import { printJson, reportFailure } from './output.ts'
import { regressionSeeds } from './regressions.ts'
import { huntFor } from './sim-hunt.ts'
import { withVersion } from './revision.ts'
import { Progress } from './sim-progress.ts'
import { repeat } from './sim-repeat.ts'
import { printHunt } from './sim-report.ts'
import { toldOf, withEngine } from './sim-told.ts'
import { inWorkers } from './sim-workers.ts'
import { watched } from './watchdog.ts'
import { wholeNumber } from './whole-number.ts'

interface SimOptions {
  readonly json?: boolean
  readonly seeds: string
  readonly first: string
  readonly workers?: string
  readonly mode: string
  /** How long to hunt. */
  readonly hunt?: string
  /** How often to run the first seed. */
  readonly repeat?: string
  /** `git:REV`: the version that takes part beside the present one. */
  readonly with?: string
}

/** What is hunted, and how. */
interface Hunt {
  /** As the user named it. */
  readonly path: string
  /** Where an older version of it lies, which takes part. */
  readonly olderPath?: string | undefined
  /** Where the scenario lies. */
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
export async function sim(path: string, options: SimOptions): Promise<void> {
  const asJson = options.json === true
  const report = (error: HoldfastError): void => reportFailure(error, asJson)
  await watched(report, async () =>
    options.with === undefined
      ? simulated(path, options)
      : withVersion(path, options.with, async (older) => simulated(path, options, older)),
  )
}

async function simulated(path: string, options: SimOptions, olderPath?: string): Promise<void> {
  const first = wholeNumber('--first', options.first, 2 ** 32)
  const count = wholeNumber('--seeds', options.seeds, 1_000_000)
  const workers = options.workers ?? String(availableParallelism())
  const hunt: Hunt = {
    path,
    olderPath,
    ...(await loadSubject(path, olderPath)),
    seeds: Array.from({ length: count }, (_, index) => first + index),
    workers: Math.max(1, wholeNumber('--workers', workers, WORKERS_MAX)),
    asJson: options.json === true,
  }
  if (options.repeat !== undefined) {
    const runs = wholeNumber('--repeat', options.repeat, 1_000_000)
    return repeat({ ...hunt, seed: first, count: runs })
  }
  const result = await resultOf({ ...hunt, first }, options)
  const told = await toldOf(hunt, result.violations)
  if (result.violations.length > 0) process.exitCode = 1
  if (hunt.asJson) return printJson({ ...result, ...(told === undefined ? {} : { told }) })
  printHunt(result, { folder: path, version: options.with }, told)
}

async function resultOf(
  hunt: Hunt & { readonly first: number },
  { hunt: length, mode }: SimOptions,
): Promise<SimulationResult> {
  if (length !== undefined) return huntFor(hunt, length)
  return mode === 'random' ? random(hunt) : exhaustive(hunt, mode)
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
  const { path, olderPath, system, scenario, seeds } = hunt
  const workers = Math.min(hunt.workers, Math.floor(seeds.length / SEEDS_PER_WORKER_MIN))
  if (workers < 2) return simulateEach(system, withEngine(scenario, seeds))
  const stop = new AbortController()
  const onInterrupt = (): void => stop.abort()
  process.once('SIGINT', onInterrupt)
  const progress = new Progress({
    left: ({ done, perSecond }) => `${((seeds.length - done) / perSecond).toFixed(0)} s left`,
    inLogs: false,
  })
  try {
    const onProgress = progress.heard
    return await inWorkers({ path, olderPath, seeds, workers, signal: stop.signal, onProgress })
  } finally {
    process.off('SIGINT', onInterrupt)
    progress.end()
  }
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
