/**
 * A path: one way in, and everything that its answer waits for.
 *
 * Ways in are the public routes, the subscriptions, and operations that nobody of the system calls.
 * What a path emits is not on it: the answer does not wait for whoever hears it. That is listed as
 * `behind` the outbox, and each subscription there is a path of its own.
 */
import { heaviestWay, type Load, loadsFrom } from './amplification.ts'
import { at, get } from './at.ts'
import { availabilityIn, type Availability, type PathAvailability } from './availability.ts'
import type { Calling, Step } from './calling.ts'
import { depthsOf } from './depth.ts'
import type { Graph, HandlerNode } from './graph.ts'
import { type Latency, stepLatency, waitsOf, type WorkMs } from './latency.ts'
import { DELIVERIES_MAX, DELIVERY_MS_MAX, ENTRY_MS_MAX } from './policy.ts'
import { tailShare } from './tail.ts'

/** One way in, with its numbers. Ways are names of handlers, from the way in to where it is worst. */
export interface Path {
  /** The handler behind the way in: `orders.place`. */
  readonly name: string
  /** `POST /orders`, or `event inventory.reserved`. */
  readonly entrance: string
  readonly isEvent: boolean
  /** How long it waits for its neighbours at most; its own work comes on top. */
  readonly waits: Latency & { readonly way: readonly string[] }
  readonly amplification: Omit<Load, 'heaviest'> & {
    readonly way: readonly string[]
    /** How often one event may come before it is a dead letter; 1 where somebody asks. */
    readonly deliveries: number
  }
  readonly depth: { readonly calls: number; readonly way: readonly string[] }
  /** Calls in all if nothing fails, and the share of requests that meet the slowest 1 % of one. */
  readonly fanOut: { readonly calls: number; readonly tailShare: number }
  readonly availability: PathAvailability
  /** Services that act on it later, without being waited for. */
  readonly behind: readonly string[]
}

/** What nobody can read from the declaration. */
export interface Assumptions {
  readonly availability: Availability
  readonly workMs: WorkMs
}

/** All paths of a graph, in the order of its handlers. */
export function pathsOf(graph: Graph, calling: Calling, assumed: Assumptions): readonly Path[] {
  const survey: Survey = {
    calling,
    assumed,
    waits: waitsOf(calling, assumed.workMs),
    depths: depthsOf(calling),
    causes: causesIn(calling),
    available: availabilityIn(graph, assumed.availability),
  }
  const places = new Map(calling.handlers.map(({ name }, place) => [name, place]))
  return waysIn(graph, calling).map((handler) => pathFrom(survey, get(places, handler.name)))
}

/** What is worked out once for all paths. */
interface Survey {
  readonly calling: Calling
  readonly assumed: Assumptions
  readonly waits: readonly Latency[]
  readonly depths: readonly number[]
  /** What each handler causes, by calls and by events. */
  readonly causes: readonly (readonly number[])[]
  readonly available: (handler: string) => PathAvailability
}

function waysIn(
  { services, handlers }: Graph,
  { steps, handlers: placed }: Calling,
): HandlerNode[] {
  const foreign = new Set(services.filter((each) => each.isForeign).map(({ name }) => name))
  const called = new Set(steps.flat().map(({ to }) => at(placed, to).name))
  return handlers.filter(
    ({ name, route, kind, service }) =>
      !foreign.has(service) &&
      (kind === 'subscription' || route !== undefined || !called.has(name)),
  )
}

function pathFrom(survey: Survey, root: number): Path {
  const { calling, assumed, waits, depths } = survey
  const handler = at(calling.handlers, root)
  const loads = loadsFrom(calling, root)
  const isEvent = handler.kind === 'subscription'
  const named = (way: readonly number[]): string[] =>
    way.map((place) => at(calling.handlers, place).name)
  const { enforcedMs, unenforcedMs } = at(waits, root)
  const callMs = (step: Step): number =>
    stepLatency(calling, waits, step, assumed.workMs).enforcedMs
  return {
    name: handler.name,
    entrance: entranceOf(handler),
    isEvent,
    waits: {
      // Whoever asks, or delivers, has stopped waiting by then.
      enforcedMs: Math.min(isEvent ? DELIVERY_MS_MAX : ENTRY_MS_MAX, enforcedMs),
      unenforcedMs,
      way: named(descent(calling, root, callMs)),
    },
    amplification: {
      ...amplificationOf(loads, root, named),
      deliveries: isEvent ? DELIVERIES_MAX : 1,
    },
    depth: {
      calls: at(depths, root),
      way: named(descent(calling, root, ({ to }) => 1 + at(depths, to))),
    },
    fanOut: fanOutOf(loads, root),
    availability: survey.available(handler.name),
    behind: behind(survey, loads),
  }
}

function entranceOf({ name, route, hears }: HandlerNode): string {
  if (hears !== undefined) return `event ${hears}`
  return route ?? `POST /${name.replace('.', '/')}`
}

/** The way down that takes the greatest step each time. Ends before it would meet itself. */
function descent(
  { steps }: Calling,
  root: number,
  size: (step: Step) => number,
): readonly number[] {
  const way = new Set([root])
  for (const place of way) {
    const ahead = at(steps, place).filter(({ to }) => !way.has(to))
    const [greatest] = ahead.toSorted((a, b) => size(b) - size(a))
    if (greatest !== undefined) way.add(greatest.to)
  }
  return [...way]
}

/** The load of the handler that gets most of it. */
function amplificationOf(
  loads: ReadonlyMap<number, Load>,
  root: number,
  named: (way: readonly number[]) => string[],
): Omit<Path['amplification'], 'deliveries'> {
  const [worst] = [...loads].toSorted(([, a], [, b]) => b.product - a.product)
  const [target, load] = worst ?? [root, at([...loads.values()], 0)]
  const { base, product, bounded, down } = load
  return { base, product, bounded, down, way: named(heaviestWay(loads, target)) }
}

function fanOutOf(loads: ReadonlyMap<number, Load>, root: number): Path['fanOut'] {
  let calls = 0
  for (const [place, { base }] of loads) if (place !== root) calls += base
  return { calls, tailShare: tailShare(calls) }
}

/** The positions of what each handler causes: whom it calls, and who hears what it emits. */
function causesIn({ handlers, steps }: Calling): readonly (readonly number[])[] {
  const hearers = Map.groupBy(handlers.keys(), (place) => at(handlers, place).hears)
  return handlers.map(({ emits }, place) => [
    ...at(steps, place).map(({ to }) => to),
    ...emits.flatMap((event) => hearers.get(event) ?? []),
  ])
}

/** The services that are reached, but not by calls alone. */
function behind({ calling, causes }: Survey, loads: ReadonlyMap<number, Load>): readonly string[] {
  const serviceOf = (place: number): string => at(calling.handlers, place).service
  const caused = new Set(loads.keys())
  for (const place of caused) for (const each of at(causes, place)) caused.add(each)
  const awaited = new Set([...loads.keys()].map(serviceOf))
  return [...new Set([...caused].map(serviceOf))].filter((each) => !awaited.has(each)).toSorted()
}
