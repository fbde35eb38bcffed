/**
 * The command line of `holdfast map`, as the map and its gates want it.
 */
import { type Duration, durationMs } from '#clock'
import { HoldfastError } from '#errors'
import type { Limits, MapOptions } from '#map'

/** As written. */
export interface MapCommandOptions {
  readonly json?: boolean
  readonly mermaid?: boolean
  readonly svg?: string
  readonly team?: string
  readonly diff?: string
  readonly fromOtlp?: string
  readonly assume?: readonly string[]
  readonly rate?: string
  readonly capacity?: readonly string[]
  readonly instances?: readonly string[]
  readonly observed?: readonly string[]
  readonly simulate?: string
  readonly maxAmplification?: string
  readonly maxLatency?: string
  readonly maxDepth?: string
  readonly requireAvailability?: string
}

/** The limits that were named. @throws HF_USAGE (effect none) naming the option and its bounds. */
export function limitsOf(options: MapCommandOptions): Limits {
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

/** What was said that no declaration says. @throws HF_USAGE (effect none), as above. */
export function assumptionsOf(options: MapCommandOptions): MapOptions {
  const { assume = [], rate, capacity = [], instances = [] } = options
  const shares = assume.map((text) => namedNumber('--assume', text, 100))
  const everywhere = shares.findLast(({ name }) => name === undefined)
  return {
    availability: byName(shares.map(({ name, value }) => ({ name, value: value / 100 }))),
    ...(everywhere === undefined ? {} : { availabilityDefault: everywhere.value / 100 }),
    ...(rate === undefined ? {} : { ratePerSecond: number('--rate', rate, 1e9) }),
    capacityPerSecond: byName(
      capacity.map((text) => alwaysNamed('--capacity', namedNumber('--capacity', text, 1e9))),
    ),
    instances: byName(
      instances.map((text) => alwaysNamed('--instances', namedNumber('--instances', text, 1e6))),
    ),
  }
}

interface Named {
  readonly name: string | undefined
  readonly value: number
}

/** `99.9`, or `provider=99.5`. */
function namedNumber(option: string, text: string, max: number): Named {
  const [left = '', right] = text.split('=')
  return {
    name: right === undefined ? undefined : left,
    value: number(option, right ?? left, max),
  }
}

function alwaysNamed(option: string, each: Named): Named {
  if (each.name !== undefined) return each
  throw new HoldfastError('HF_USAGE', {
    detail: `${option} ${each.value} names no service`,
    fix: `Write ${option} orders=${each.value}.`,
  })
}

function byName(all: readonly Named[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    all.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value]])),
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
