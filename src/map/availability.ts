/**
 * Availability of a way in: the chance that everything works that its answer waits for.
 *
 * Intuition: a handler works if its service is up, the service's database is up, and everything that
 * it calls works. An event is committed with the answer and delivered later, so whoever hears it is
 * not in the product: that is what taking a dependency off the path means. A fallback takes one off,
 * too, at the price of an answer that is marked as degraded.
 *
 * Invariants:
 *   V1. with fallbacks ≥ without.
 *   V2. Retries are not counted: they help against failures that are independent, and the long ones
 *       are not. The true value is not below the printed one for that reason.
 */
import { get } from './at.ts'
import type { Graph } from './graph.ts'
import { type Part, type Reliability, reliabilityOf } from './reliability.ts'

/** The availability that is taken for a service, foreign service or store about which nothing is said. */
export const AVAILABILITY_DEFAULT = 0.999

/** The share of time in which `name` is up: a service, a foreign one, or a store (`db(orders)`). */
export type Availability = (name: string) => number

/** The chance that a handler can answer. `needs` are its single points of failure, the worst first. */
export interface PathAvailability {
  readonly withFallbacks: Reliability
  readonly withoutFallbacks: Reliability
  readonly needs: readonly string[]
}

/** Answers for any handler of the graph, by its name. */
export function availabilityIn(
  graph: Graph,
  availability: Availability,
): (handler: string) => PathAvailability {
  const names = [...graph.services, ...graph.stores].map(({ name }) => name)
  const all = [...names, ...graph.handlers.map(({ name }) => name)]
  const positions = new Map(all.map((name, index) => [name, index]))
  const things: Part[] = names.map((name) => ({ availability: availability(name), needs: [] }))
  const softened = [...things, ...handlerParts(graph, positions, (hasFallback) => !hasFallback)]
  const strict = [...things, ...handlerParts(graph, positions, () => true)]
  const isSoftened = graph.calls.some(({ policy }) => policy.hasFallback)
  const byNeed = (a: string, b: string): number => availability(a) - availability(b)
  return (handler) => {
    const root = get(positions, handler)
    const withFallbacks = reliabilityOf(softened, root)
    const needs = withFallbacks.certain.flatMap((each) => names[each] ?? [])
    return {
      withFallbacks,
      withoutFallbacks: isSoftened ? reliabilityOf(strict, root) : withFallbacks,
      needs: needs.toSorted(byNeed),
    }
  }
}

/** Each handler as a part that needs its service, its store, and those callees that `isNeeded` keeps. */
function handlerParts(
  { services, handlers }: Graph,
  positions: ReadonlyMap<string, number>,
  isNeeded: (hasFallback: boolean) => boolean,
): Part[] {
  const storeOf = new Map(services.map(({ name, store }) => [name, store]))
  return handlers.map(({ service, calls }) => {
    const store = storeOf.get(service)
    const callees = calls
      .filter(({ arrow }) => isNeeded(arrow.policy.hasFallback))
      .map(({ arrow }) => `${arrow.target}.${arrow.operation}`)
    const needed = [service, ...(store === undefined ? [] : [store]), ...callees]
    return { availability: 1, needs: needed.map((name) => [get(positions, name)]) }
  })
}
