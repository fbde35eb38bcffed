/**
 * `holdfast map`: draws a system, and refuses one that is over its limits.
 *
 * Exit codes: 0 the map is drawn and every gate holds; 1 a gate is broken or the map found an error;
 * 2 the command line or the declaration is wrong; 3 a file of traces cannot be read. A gate's verdict
 * goes to standard error, so that what is printed can be piped.
 */
import { natsPromises } from '#adapters'
import { readConfig } from '#host'
import {
  type Breach,
  breachesOf,
  findingText,
  jsonOf,
  mapOf,
  type MapOptions,
  mermaidOf,
  type Observation,
  type SystemMap,
  svgOf,
  textOf,
  type Tone,
} from '#map'
import type { System } from '#model'
import { loadSystem } from './load-system.ts'
import { printDifferences } from './map-diff.ts'
import { observedInLogs, observedInWorlds } from './map-observation.ts'
import { assumptionsOf, limitsOf, type MapCommandOptions } from './map-options.ts'
import { paint, print, printJson, save } from './output.ts'
import { printTraces } from './traces.ts'
import { wholeNumber } from './whole-number.ts'

/** Prints the map, and exits with 1 if a limit is broken or the declaration has an error. */
export async function map(folder: string, options: MapCommandOptions): Promise<void> {
  if (options.fromOtlp !== undefined) return printTraces(options.fromOtlp, options, coloured)
  const limits = limitsOf(options)
  const system = await loadSystem(folder)
  const observation = await observationOf(folder, system, options)
  const drawn = mapOf(system, {
    ...assumptionsOf(options),
    ...brokerOf(system),
    ...(observation === undefined ? {} : { observation }),
  })
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

/** The broker that the services would use in this environment. */
function brokerOf(system: System): Pick<MapOptions, 'broker'> {
  const { nats } = readConfig(process.env, system)
  return nats === undefined ? {} : { broker: natsPromises(nats.replicas) }
}

/** What the arrows are held against, if anything. */
async function observationOf(
  folder: string,
  system: System,
  { observed, simulate }: MapCommandOptions,
): Promise<Observation | undefined> {
  if (observed !== undefined) return observedInLogs(observed)
  if (simulate === undefined) return undefined
  return observedInWorlds(folder, system, wholeNumber('--simulate', simulate, 100_000))
}

async function draw(
  drawn: SystemMap,
  breaches: readonly Breach[],
  options: MapCommandOptions,
): Promise<void> {
  const { svg, team } = options
  if (svg !== undefined) await save(svg, svgOf(drawn, team === undefined ? {} : { team }))
  if (options.json) return printJson({ ...Object(jsonOf(drawn)), breaches })
  if (options.mermaid) return print(mermaidOf(drawn).trimEnd())
  if (svg !== undefined) return print(svg)
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
