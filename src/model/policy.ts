/**
 * The resolved policy: every number by which an arrow is enforced, and who chose it.
 *
 * Promise: the same frozen object is enforced by the call edge, drawn by the map and printed by
 * `holdfast explain`, so that none of the three can tell another story.
 *
 * Invariants:
 *   P1. Every number is in the unit of its name and is what a machine of `policy` receives.
 *   P2. What is not in `declared` is the default.
 *   P3. All operations of one edge share one `edge` object: its identity is the identity of their
 *       budget, their bulkhead and their endpoints.
 *
 * Source: the defaults are those of Linkerd, Finagle and Envoy where these agree; the headers of the
 * machines in `policy` say why each is as it is.
 */
import { type Duration, durationMs } from '#clock'
import { HoldfastError } from '#errors'
import type { Transport } from '#world'
import type { Command, Query } from './contract.ts'
import { type Preset, type PresetPolicy, presets } from './preset.ts'

/** How much it matters that a call is served; under overload the least important is refused first. */
export type Criticality = 'critical-plus' | 'critical' | 'sheddable-plus' | 'sheddable'

/** Who chose a number that is not the default. */
export type Chooser = 'preset' | 'edge' | 'operation'

/** What all operations of one edge share. */
export interface EdgePolicy {
  /** The highest that a call over this edge may claim; `undefined`: what the caller's own caller claimed. */
  readonly criticality: Criticality | undefined
  /** What carries the calls to a service of ours; HTTP carries those to a foreign one. */
  readonly transport: Transport
  readonly budget: {
    readonly retriesMax: number
    readonly callsPerRetry: number
    readonly trickleMs: number
  }
  readonly bulkhead: {
    readonly inFlightMax: number
    readonly queueMax: number
    readonly waitMsMax: number
  }
  readonly endpoints: {
    readonly decayMs: number
    readonly penaltyMs: number
    readonly slowStartMs: number
    readonly failuresInARowMax: number
    readonly ejectMs: number
    readonly ejectedShareMax: number
  }
}

/** When the circuit of one operation opens, and for how long. */
export interface BreakerPolicy {
  readonly callsMin: number
  readonly failureShare: number
  readonly badShare: number
  readonly openMs: number
  readonly openMsMax: number
}

/** When a query is asked a second time before the first answer is there. */
export interface HedgePolicy {
  /** `undefined`: the 95th percentile of the recent answers. */
  readonly delayMs: number | undefined
  readonly shareMax: number
  readonly burst: number
}

/** How long an answer may be used again. */
export interface CachePolicy {
  readonly freshMs: number
  readonly staleWhileRevalidateMs: number
  readonly staleIfErrorMs: number
  readonly entriesMax: number
}

/** The resolved behaviour of one operation over one edge. */
export interface ResolvedPolicy {
  readonly deadlineMs: number
  readonly attemptsMax: number
  readonly fallback: { readonly value: unknown } | undefined
  readonly breaker: BreakerPolicy | undefined
  readonly hedge: HedgePolicy | undefined
  readonly cache: CachePolicy | undefined
  readonly edge: EdgePolicy
  /** The path of each number that was declared, such as `'breaker.openMs'`, and where. */
  readonly declared: Readonly<Record<string, Chooser>>
}

/** How many calls of an edge are under way at once in one process, and how many wait for a moment. */
export interface Concurrency {
  /** @defaultValue 64 */
  readonly inFlight?: number
  /** @defaultValue 16 */
  readonly queue?: number
  /** The longest wait; never more than a tenth of the time that is left. @defaultValue '50ms'; '250ms' where no limit is set */
  readonly wait?: Duration
}

/** When the circuit opens: after `calls` results of ten seconds, of which the share `failures` failed. */
export interface BreakerOption {
  /** @defaultValue 20 */
  readonly calls?: number
  /** From above 0 to 1. @defaultValue 0.5 */
  readonly failures?: number
  /** How long all calls are refused before one is tried; give or take a fifth. @defaultValue '1s' */
  readonly open?: Duration
}

/** How long an answer may be used again. */
export interface CacheOption {
  readonly fresh: Duration
  /** Served at once while a new one is fetched, for so long after it was fresh. @defaultValue '10s' */
  readonly staleWhileRevalidate?: Duration
  /** Served instead of a failure, for so long after it was fresh. @defaultValue '5m' */
  readonly staleIfError?: Duration
  /** @defaultValue 1000 */
  readonly entries?: number
}

/** What was written for the edge, as far as its operations share it. */
export interface EdgeDeclaration {
  readonly deadline?: Duration | undefined
  readonly preset?: Preset | undefined
  readonly concurrency?: number | Concurrency | undefined
  readonly criticality?: Criticality | undefined
  readonly transport?: Transport | undefined
}

/** What was written for one operation. The compiler let less through than this. */
export interface OperationDeclaration {
  readonly deadline?: Duration
  readonly retry?: number
  readonly fallback?: unknown
  readonly breaker?: boolean | BreakerOption
  readonly hedge?: true | Duration
  readonly cache?: CacheOption
}

/** Attempts of a query and of a keyed command where nothing is declared. */
const ATTEMPTS_DEFAULT = 3

/** One process of one caller has no use for more, and no callee for so many from each. */
const IN_FLIGHT_MAX = 10_000

const criticalities: readonly string[] = [
  'critical-plus',
  'critical',
  'sheddable-plus',
  'sheddable',
] satisfies readonly Criticality[]

/** What the operations of an edge begin with. */
export interface SharedPolicy {
  readonly edge: EdgePolicy
  readonly deadlineMs: number
  /** What a preset says of those that may be tried again. */
  readonly attempts: number | undefined
  readonly declared: Readonly<Record<string, Chooser>>
}

/** What the operations of an edge share, and which of it was declared. */
export function edgePolicy(target: string, declaration: EdgeDeclaration): SharedPolicy {
  const { concurrency, transport, preset } = declaration
  if (preset !== undefined && !Object.hasOwn(presets, preset))
    refuse(target, `the preset '${preset}' is none of ${Object.keys(presets).join(', ')}`)
  const begun: PresetPolicy = preset === undefined ? {} : presets[preset]
  const { deadline = begun.deadline, criticality = begun.criticality } = declaration
  if (deadline === undefined) refuse(target, 'it has no deadline, and no preset that says one')
  const given = typeof concurrency === 'number' ? { inFlight: concurrency } : (concurrency ?? {})
  // Who sets a limit wants it to bite. Where nobody did, a burst of 256 callers shall get through.
  const isUnlimited = concurrency === undefined
  const { inFlight = 64, queue = isUnlimited ? 192 : 16, wait } = given
  bounded(target, 'concurrency', inFlight, { min: 1, max: IN_FLIGHT_MAX })
  bounded(target, 'concurrency.queue', queue, { min: 0, max: IN_FLIGHT_MAX })
  if (criticality !== undefined && !criticalities.includes(criticality))
    refuse(target, `the criticality '${criticality}' is none of ${criticalities.join(', ')}`)
  if (transport !== undefined && transport !== 'session' && transport !== 'http')
    refuse(target, `the transport '${String(transport)}' is neither session nor http`)
  const edge: EdgePolicy = {
    criticality,
    transport: transport ?? 'session',
    budget: { retriesMax: 10, callsPerRetry: 10, trickleMs: 10_000 },
    bulkhead: {
      inFlightMax: inFlight,
      queueMax: queue,
      waitMsMax: wait === undefined ? (isUnlimited ? 250 : 50) : durationMs(wait),
    },
    endpoints: {
      decayMs: 10_000,
      penaltyMs: 5_000,
      slowStartMs: 10_000,
      failuresInARowMax: 5,
      ejectMs: 1_000,
      ejectedShareMax: 0.5,
    },
  }
  const concerning = {
    'edge.criticality': declaration.criticality,
    'edge.transport': transport,
    'edge.bulkhead.inFlightMax': given.inFlight,
    'edge.bulkhead.queueMax': given.queue,
    'edge.bulkhead.waitMsMax': wait,
  }
  const byPreset = { deadlineMs: begun.deadline, 'edge.criticality': begun.criticality }
  const paths = { deadlineMs: declaration.deadline, ...concerning }
  const declared = { ...chosen(byPreset, 'preset'), ...chosen(paths, 'edge') }
  return { edge, deadlineMs: durationMs(deadline), attempts: begun.attempts, declared }
}

/** The policy of one operation. @throws HF_DECLARATION_INVALID if it says what cannot be enforced. */
export function operationPolicy(
  operation: (Command | Query) & { readonly name: string },
  shared: SharedPolicy,
  declared: OperationDeclaration,
): ResolvedPolicy {
  const isRepeatable = operation.kind === 'query' || operation.keyed
  const ownMs = declared.deadline === undefined ? Infinity : durationMs(declared.deadline)
  return {
    deadlineMs: Math.min(shared.deadlineMs, ownMs),
    attemptsMax: declared.retry ?? (isRepeatable ? (shared.attempts ?? ATTEMPTS_DEFAULT) : 1),
    fallback: 'fallback' in declared ? { value: declared.fallback } : undefined,
    breaker: breakerOf(operation.name, declared.breaker ?? true),
    hedge: hedgeOf(declared.hedge),
    cache: cacheOf(operation.name, declared.cache),
    edge: shared.edge,
    declared: {
      ...shared.declared,
      ...chosen({ attemptsMax: isRepeatable ? shared.attempts : undefined }, 'preset'),
      ...(ownMs < shared.deadlineMs ? { deadlineMs: 'operation' as const } : {}),
      ...chosen(pathsOf(declared), 'operation'),
    },
  }
}

function breakerOf(name: string, declared: boolean | BreakerOption): BreakerPolicy | undefined {
  if (declared === false) return undefined
  const { calls = 20, failures = 0.5, open = '1s' } = declared === true ? {} : declared
  bounded(name, 'breaker.calls', calls, { min: 1, max: 100_000 })
  if (!(failures > 0 && failures <= 1))
    refuse(name, `breaker.failures is ${failures}, not a share above 0 and up to 1`)
  const openMs = durationMs(open)
  return {
    callsMin: calls,
    failureShare: failures,
    // Slow successes open only a circuit in which next to nothing else is left.
    badShare: Math.max(failures, 0.8),
    openMs,
    // It does not grow: one trial a second is no load, and a circuit that had doubled its time kept the
    // callers away for nine seconds after a callee was back (paper N11).
    openMsMax: openMs,
  }
}

function hedgeOf(declared: true | Duration | undefined): HedgePolicy | undefined {
  if (declared === undefined) return undefined
  const delayMs = declared === true ? undefined : durationMs(declared)
  return { delayMs, shareMax: 0.05, burst: 5 }
}

function cacheOf(name: string, declared: CacheOption | undefined): CachePolicy | undefined {
  if (declared === undefined) return undefined
  const { fresh, staleWhileRevalidate = '10s', staleIfError = '5m', entries = 1_000 } = declared
  bounded(name, 'cache.entries', entries, { min: 1, max: 100_000 })
  return {
    freshMs: durationMs(fresh),
    staleWhileRevalidateMs: durationMs(staleWhileRevalidate),
    staleIfErrorMs: durationMs(staleIfError),
    entriesMax: entries,
  }
}

/** The declared options by the path of the number that they became. */
function pathsOf(declared: OperationDeclaration): Readonly<Record<string, unknown>> {
  const { breaker, cache } = declared
  const { calls, failures, open }: BreakerOption = typeof breaker === 'object' ? breaker : {}
  return {
    attemptsMax: declared.retry,
    fallback: 'fallback' in declared ? true : undefined,
    breaker: breaker === false ? true : undefined,
    'breaker.callsMin': calls,
    'breaker.failureShare': failures,
    'breaker.openMs': open,
    'hedge.delayMs': declared.hedge,
    'cache.freshMs': cache?.fresh,
    'cache.staleWhileRevalidateMs': cache?.staleWhileRevalidate,
    'cache.staleIfErrorMs': cache?.staleIfError,
    'cache.entriesMax': cache?.entries,
  }
}

function chosen(
  paths: Readonly<Record<string, unknown>>,
  by: Chooser,
): Readonly<Record<string, Chooser>> {
  const declared = Object.keys(paths).filter((path) => paths[path] !== undefined)
  return Object.fromEntries(declared.map((path) => [path, by]))
}

function bounded(
  where: string,
  what: string,
  value: number,
  { min, max }: { readonly min: number; readonly max: number },
): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  refuse(where, `${what} is ${value}, not a whole number from ${min} to ${max}`)
}

/** Refuses a declaration. */
export function refuse(where: string, detail: string): never {
  throw new HoldfastError('HF_DECLARATION_INVALID', { detail: `edge to '${where}': ${detail}` })
}
