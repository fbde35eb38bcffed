/**
 * The map of a system: its arrows, the numbers on them, the paths that they form, and what is wrong.
 *
 * Promise: it is made of the objects that run and of nothing else. What the declaration cannot say
 * (how often a machine is up, how long work takes) is an assumption, and is printed as one.
 */
import { HoldfastError } from '#errors'
import type { System } from '#model'
import { at, get } from './at.ts'
import { type AttemptsThatFit, attemptsThatFit } from './attempts.ts'
import { AVAILABILITY_DEFAULT } from './availability.ts'
import { type Calling, callingOf } from './calling.ts'
import { inFlight } from './capacity.ts'
import { contradictions } from './contradictions.ts'
import type { Finding } from './finding.ts'
import { type CallArrow, type Causes, type Graph, graphOf } from './graph.ts'
import { type Latency, stepLatency, waitsOf, type WorkMs } from './latency.ts'
import { lint } from './lints.ts'
import { loadsFrom } from './amplification.ts'
import type { Observation } from './observation.ts'
import { type Path, pathsOf } from './path.ts'

/** What the declaration does not say. */
export interface MapOptions {
  /** What handlers really call and emit. @defaultValue all that they may */
  readonly causes?: Causes
  /** The share of time in which a service, foreign service or store (`db(orders)`) is up. */
  readonly availability?: Readonly<Record<string, number>>
  /** The same for whatever is not named. @defaultValue 0.999 */
  readonly availabilityDefault?: number
  /** How long the work of a handler takes at most by itself, in ms. @defaultValue unknown */
  readonly workMs?: Readonly<Record<string, number>>
  /** Requests a second on every way in, to work out what is in the air. */
  readonly ratePerSecond?: number
  /** What was seen while the system ran. */
  readonly observation?: Observation
}

/** A call arrow with its numbers. */
export interface CallNumbers extends Latency {
  readonly arrow: CallArrow
  readonly fit: AttemptsThatFit
  /** Calls in the air at worst, where a rate is given. */
  readonly inFlight: number | undefined
}

/** The numbers of a system, before anybody judges them. */
export interface Numbers {
  readonly graph: Graph
  readonly calling: Calling
  readonly calls: readonly CallNumbers[]
  readonly paths: readonly Path[]
}

/** The map. */
export interface SystemMap extends Numbers {
  readonly assumed: {
    readonly availabilityDefault: number
    readonly availability: Readonly<Record<string, number>>
    readonly ratePerSecond: number | undefined
  }
  readonly findings: readonly Finding[]
  readonly observation: Observation | undefined
}

/**
 * The map of a declared system.
 *
 * @throws HF_DECLARATION_INVALID (effect none) if an arrow leads nowhere, or an option names something
 *   that is not in the system.
 * @example
 * const map = mapOf(market, { availability: { provider: 0.995 } })
 */
export function mapOf(system: System, options: MapOptions = {}): SystemMap {
  const graph = graphOf(system, options.causes)
  refuseStrangers(graph, options)
  const calling = callingOf(graph)
  const { availability = {}, availabilityDefault = AVAILABILITY_DEFAULT } = options
  const workMs: WorkMs = (handler) => options.workMs?.[handler]
  const paths = pathsOf(graph, calling, {
    availability: (name) => availability[name] ?? availabilityDefault,
    workMs,
  })
  const calls = callNumbers(graph, calling, paths, { workMs, ratePerSecond: options.ratePerSecond })
  const numbers: Numbers = { graph, calling, calls, paths }
  const { observation } = options
  const found = observation === undefined ? [] : contradictions(numbers, observation)
  return {
    ...numbers,
    assumed: { availabilityDefault, availability, ratePerSecond: options.ratePerSecond },
    findings: sorted([...lint(numbers), ...found]),
    observation,
  }
}

function refuseStrangers({ services, stores, handlers }: Graph, options: MapOptions): void {
  const things = new Set([...services, ...stores].map(({ name }) => name))
  const names = new Set(handlers.map(({ name }) => name))
  const shares = { ...options.availability, default: options.availabilityDefault ?? 1 }
  const faults = [
    ...Object.keys(options.availability ?? {})
      .filter((each) => !things.has(each))
      .map((each) => `'${each}' is no service and no store of it`),
    ...Object.entries(shares)
      .filter(([, share]) => !(share > 0 && share <= 1))
      .map(([each, share]) => `the availability of '${each}' is ${share}, not above 0 and up to 1`),
    ...Object.keys(options.workMs ?? {})
      .filter((each) => !names.has(each))
      .map((each) => `'${each}' is no handler of it`),
  ]
  if (faults.length === 0) return
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    detail: `the map's assumptions: ${faults.join('; ')}`,
    fix: `Name what the map prints: ${[...things].slice(0, 8).join(', ')}.`,
  })
}

function callNumbers(
  graph: Graph,
  calling: Calling,
  paths: readonly Path[],
  { workMs, ratePerSecond }: { workMs: WorkMs; ratePerSecond: number | undefined },
): readonly CallNumbers[] {
  const waits = waitsOf(calling, workMs)
  const places = new Map(calling.handlers.map(({ name }, place) => [name, place]))
  const taken = ratePerSecond === undefined ? undefined : timesTaken(calling, paths, places)
  return graph.calls.map((arrow) => {
    const to = get(places, `${arrow.target}.${arrow.operation}`)
    const latency = stepLatency(calling, waits, { to, times: 1, arrow }, workMs)
    const rate = (ratePerSecond ?? 0) * (taken?.get(arrow.name) ?? 0)
    return {
      arrow,
      ...latency,
      fit: attemptsThatFit(arrow.policy),
      inFlight: taken && inFlight({ ratePerSecond: rate, holdMs: latency.enforcedMs }),
    }
  })
}

/** How often each arrow is taken if every way in is used once and nothing fails. */
function timesTaken(
  calling: Calling,
  paths: readonly Path[],
  places: ReadonlyMap<string, number>,
): ReadonlyMap<string, number> {
  const taken = new Map<string, number>()
  for (const { name } of paths) {
    for (const [place, { base }] of loadsFrom(calling, get(places, name))) {
      for (const { arrow, times } of at(calling.steps, place))
        taken.set(arrow.name, (taken.get(arrow.name) ?? 0) + base * times)
    }
  }
  return taken
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  const weight = { error: 0, warning: 1, note: 2 } as const
  return findings.toSorted((a, b) => weight[a.severity] - weight[b.severity])
}
