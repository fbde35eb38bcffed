/**
 * The map of a system: its arrows, the numbers on them, the paths that they form, and what is wrong.
 *
 * Promise: it is made of the objects that run and of nothing else. What the declaration cannot say
 * (how often a machine is up, how long work takes) is an assumption, and is printed as one.
 */
import { HoldfastError } from '#errors'
import { type BrokerPromises, HTTP_PUSH, type System } from '#model'
import { get } from './at.ts'
import { type AttemptsThatFit, attemptsThatFit } from './attempts.ts'
import { AVAILABILITY_DEFAULT } from './availability.ts'
import { type Calling, callingOf } from './calling.ts'
import { inFlight } from './capacity.ts'
import { contradictions } from './contradictions.ts'
import { type Demand, demandsOf } from './demand.ts'
import type { Finding } from './finding.ts'
import { type CallArrow, type Causes, type Graph, graphOf } from './graph.ts'
import { type Latency, stepLatency, waitsOf, type WorkMs } from './latency.ts'
import { lint } from './lints.ts'
import { loadLints } from './load-lints.ts'
import type { Observation } from './observation.ts'
import { type Path, pathsOf } from './path.ts'
import { policyLints } from './policy-lints.ts'

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
  /** Requests a second on every way in, to work out what is in the air and what arrives where. */
  readonly ratePerSecond?: number
  /** Requests a second that all processes of a service can answer together. */
  readonly capacityPerSecond?: Readonly<Record<string, number>>
  /** Processes of a service. @defaultValue 1 */
  readonly instances?: Readonly<Record<string, number>>
  /** What carries the events. @defaultValue HTTP push */
  readonly broker?: BrokerPromises
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
  /** What arrives at each service, where a rate is given. */
  readonly demands: readonly Demand[]
}

/** The map. */
export interface SystemMap extends Numbers {
  readonly assumed: {
    readonly availabilityDefault: number
    readonly availability: Readonly<Record<string, number>>
    readonly ratePerSecond: number | undefined
  }
  readonly broker: BrokerPromises
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
  const { ratePerSecond, capacityPerSecond = {}, instances = {} } = options
  const demanded =
    ratePerSecond === undefined
      ? undefined
      : demandsOf(calling, paths, { ratePerSecond, capacityPerSecond })
  const rateOf = (arrow: string): number | undefined =>
    ratePerSecond && ratePerSecond * (demanded?.taken.get(arrow) ?? 0)
  const calls = callNumbers(graph, calling, { workMs, rateOf })
  const numbers: Numbers = { graph, calling, calls, paths, demands: demanded?.services ?? [] }
  const { observation } = options
  const found = observation === undefined ? [] : contradictions(numbers, observation)
  return {
    ...numbers,
    assumed: { availabilityDefault, availability, ratePerSecond: options.ratePerSecond },
    broker: options.broker ?? HTTP_PUSH,
    findings: sorted([
      ...lint(numbers),
      ...policyLints(numbers, workMs),
      ...loadLints(numbers, (service) => instances[service] ?? 1),
      ...found,
    ]),
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
    ...Object.entries({ ...options.capacityPerSecond, ...options.instances })
      .filter(([each, count]) => !things.has(each) || !(count > 0))
      .map(([each, count]) => `'${each}' is no service of it, or ${count} is not above 0`),
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
  {
    workMs,
    rateOf,
  }: { readonly workMs: WorkMs; readonly rateOf: (arrow: string) => number | undefined },
): readonly CallNumbers[] {
  const waits = waitsOf(calling, workMs)
  const places = new Map(calling.handlers.map(({ name }, place) => [name, place]))
  return graph.calls.map((arrow) => {
    const to = get(places, `${arrow.target}.${arrow.operation}`)
    const latency = stepLatency(calling, waits, { to, times: 1, arrow }, workMs)
    const rate = rateOf(arrow.name)
    return {
      arrow,
      ...latency,
      fit: attemptsThatFit(arrow.policy),
      inFlight:
        rate === undefined
          ? undefined
          : inFlight({ ratePerSecond: rate, holdMs: latency.enforcedMs }),
    }
  })
}

function sorted(findings: readonly Finding[]): readonly Finding[] {
  const weight = { error: 0, warning: 1, note: 2 } as const
  return findings.toSorted((a, b) => weight[a.severity] - weight[b.severity])
}
