/**
 * `holdfast map`: draws a system, and refuses one that is over its limits.
 *
 * Exit codes: 0 the map is drawn and every gate holds; 1 a gate is broken or the map found an error;
 * 2 the command line or the declaration is wrong; 3 a file of traces cannot be read. A gate's verdict goes to standard error, so that
 * what is printed can be piped.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { type Duration, durationMs } from '#clock'
import { HoldfastError } from '#errors'
import {
  type AnyFact,
  type Breach,
  breachesOf,
  findingText,
  jsonOf,
  type Limits,
  mapOf,
  type MapOptions,
  mermaidOf,
  type Observation,
  type SystemMap,
  svgOf,
  textOf,
  type Tone,
  Witness,
} from '#map'
import { loadSystem } from './load-system.ts'
import { printDifferences } from './map-diff.ts'
import { paint, print, printJson } from './output.ts'
import { printTraces } from './traces.ts'

interface MapCommandOptions {
  readonly json?: boolean
  readonly mermaid?: boolean
  readonly svg?: string
  readonly diff?: string
  readonly fromOtlp?: string
  readonly assume?: readonly string[]
  readonly rate?: string
  readonly observed?: readonly string[]
  readonly maxAmplification?: string
  readonly maxLatency?: string
  readonly maxDepth?: string
  readonly requireAvailability?: string
}

/** Prints the map, and exits with 1 if a limit is broken or the declaration has an error. */
export async function map(folder: string, options: MapCommandOptions): Promise<void> {
  if (options.fromOtlp !== undefined) return printTraces(options.fromOtlp, options, coloured)
  const limits = limitsOf(options)
  const system = await loadSystem(folder)
  const assumptions = await assumptionsOf(options)
  const drawn = mapOf(system, assumptions)
  const breaches = breachesOf(drawn, limits)
  if (options.diff === undefined) await draw(drawn, breaches, options)
  else await printDifferences(folder, { ...options, diff: options.diff }, drawn)
  for (const breach of breaches) {
    const mark = paint('red', '✗', process.stderr)
    print(`${mark} ${breach.gate}  ${breach.path}: ${breach.says}`, process.stderr)
  }
  const errors = drawn.findings.filter(({ severity }) => severity === 'error')
  // The text has them already; other languages are for programs, and a person wants to know, too.
  if (options.json ?? options.mermaid ?? (options.svg ?? options.diff) !== undefined)
    for (const each of errors) print(findingText(each), process.stderr)
  if (breaches.length + errors.length > 0) process.exitCode = 1
}

async function draw(
  drawn: SystemMap,
  breaches: readonly Breach[],
  options: MapCommandOptions,
): Promise<void> {
  if (options.svg !== undefined) await save(options.svg, svgOf(drawn))
  if (options.json) return printJson({ ...Object(jsonOf(drawn)), breaches })
  if (options.mermaid) return print(mermaidOf(drawn).trimEnd())
  if (options.svg !== undefined) return print(options.svg)
  for (const line of textOf(drawn, coloured)) print(line)
}

const COLOURS = {
  heading: 'bold',
  call: 'cyan',
  event: 'yellow',
  faint: 'dim',
  error: 'red',
  warning: 'yellow',
  note: 'dim',
} as const satisfies Readonly<Record<Tone, Parameters<typeof paint>[0]>>

function coloured(tone: Tone, text: string): string {
  return paint(COLOURS[tone], text)
}

async function save(file: string, svg: string): Promise<void> {
  try {
    await writeFile(file, svg)
  } catch (cause) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be written`,
      fix: 'Name a file in a folder that exists and that you may write to.',
      cause,
    })
  }
}

function limitsOf(options: MapCommandOptions): Limits {
  const { maxAmplification, maxLatency, maxDepth, requireAvailability } = options
  return {
    ...(maxAmplification === undefined
      ? {}
      : { amplificationMax: number('--max-amplification', maxAmplification, 1e12) }),
    ...(maxLatency === undefined ? {} : { latencyMsMax: latencyMs(maxLatency) }),
    ...(maxDepth === undefined ? {} : { depthMax: number('--max-depth', maxDepth, 1_000) }),
    ...(requireAvailability === undefined
      ? {}
      : { availabilityMin: number('--require-availability', requireAvailability, 100) / 100 }),
  }
}

async function assumptionsOf({ assume, rate, observed }: MapCommandOptions): Promise<MapOptions> {
  const shares = (assume ?? []).map(shareOf)
  const everywhere = shares.findLast(({ name }) => name === undefined)
  const named = shares.flatMap(({ name, share }) => (name === undefined ? [] : [[name, share]]))
  return {
    availability: Object.fromEntries(named),
    ...(everywhere === undefined ? {} : { availabilityDefault: everywhere.share }),
    ...(rate === undefined ? {} : { ratePerSecond: number('--rate', rate, 1e9) }),
    ...(observed === undefined ? {} : { observation: await observe(observed) }),
  }
}

/** `99.9`, or `provider=99.5`. */
function shareOf(text: string): { readonly name: string | undefined; readonly share: number } {
  const [left = '', right] = text.split('=')
  const percent = number('--assume', right ?? left, 100)
  return { name: right === undefined ? undefined : left, share: percent / 100 }
}

/** The facts of log files, as `holdfast dev` writes them: one JSON object a line. */
async function observe(files: readonly string[]): Promise<Observation> {
  const witness = new Witness()
  for (const file of files) {
    // One file at a time: they may be large, and only one has to fit in memory.
    // oxlint-disable-next-line no-await-in-loop
    for (const line of (await contentsOf(file)).split('\n')) {
      const fact = factIn(line)
      if (fact !== undefined) witness.see(fact)
    }
  }
  return witness.observation()
}

async function contentsOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${file} cannot be read`,
      fix: 'Name a log of a running system, such as .holdfast/logs/orders.jsonl.',
      cause,
    })
  }
}

/** The fact of a line; a line that was torn by a crash holds none. */
function factIn(line: string): AnyFact | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return isFact(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isFact(value: unknown): value is AnyFact {
  return (
    typeof value === 'object' && value !== null && 'fact' in value && typeof value.fact === 'string'
  )
}

function latencyMs(text: string): number {
  try {
    // `durationMs` checks what the type says.
    return durationMs(text as Duration)
  } catch (cause) {
    throw new HoldfastError('HF_USAGE', {
      detail: `--max-latency must be a duration such as 800ms or 2s, not '${text}'`,
      cause,
    })
  }
}

function number(option: string, text: string, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= max) return value
  throw new HoldfastError('HF_USAGE', {
    detail: `${option} must be a number from 0 to ${max}, not '${text}'`,
  })
}
