/**
 * Ghosts: arrows that were taken and are declared nowhere.
 *
 * Three witnesses may tell of one: the caller that made the call, the callee that served it, and the
 * network that saw a request between two services between which nothing is declared (a plain `fetch`
 * in a handler). Each ghost is told once, by the witness who knows most.
 *
 * Invariants:
 *   H1. A declared arrow is no ghost, whoever saw it.
 *   H2. Whoever is outside the system may ask it: a call from a stranger is a way in, and no ghost.
 */
import type { Graph } from './graph.ts'
import type { Observation, SeenCalls } from './observation.ts'

/** An arrow that was taken and is declared nowhere. */
export interface Ghost {
  /** `orders>bank.charge`, or `orders>bank` where nobody knows for what. */
  readonly name: string
  readonly kind: 'call' | 'event'
  readonly source: string
  readonly target: string
  /** `undefined` where only the network saw it. */
  readonly operation: string | undefined
  /** How often it was taken, as far as somebody counted. */
  readonly count: number
  readonly seen: SeenCalls | undefined
}

/** The ghosts of an observation; none if nobody looked. */
export function ghostsIn(graph: Graph, observation: Observation | undefined): readonly Ghost[] {
  if (observation === undefined) return []
  const { calls, events, asked, links } = observation
  const ours = new Set(graph.services.filter((each) => !each.isForeign).map(({ name }) => name))
  const known = new Set(graph.services.map(({ name }) => name))
  const declared = new Set([...graph.calls, ...graph.events].map(({ name }) => name))
  const made = [...calls].flatMap(([name, seen]) => ghost('call', name, seen.count, seen))
  const served = [...asked].flatMap(([name, count]) => ghost('call', name, count))
  const told = [...events].flatMap(([name, { count }]) => ghost('event', name, count))
  const named = [
    ...[...new Map([...served, ...made].map((each) => [each.name, each])).values()].filter(
      ({ name, source }) => ours.has(source) && !declared.has(name),
    ),
    ...told.filter(
      ({ name, source, target }) => (ours.has(source) || ours.has(target)) && !declared.has(name),
    ),
  ]
  const joined = new Set([...graph.calls, ...graph.events, ...named].map(pairOf))
  const crossed = [...links]
    .flatMap(([name, count]) => ghost('call', name, count))
    .filter((each) => ours.has(each.source) && known.has(each.target) && !joined.has(pairOf(each)))
  return [...named, ...crossed]
}

function ghost(kind: Ghost['kind'], name: string, count: number, seen?: SeenCalls): Ghost[] {
  const [, source, target, operation] = /^([^>]+)>([^.]+)(?:\.(.+))?$/.exec(name) ?? []
  if (source === undefined || target === undefined || source === target) return []
  return [{ name, kind, source, target, operation, count, seen }]
}

function pairOf({ source, target }: Pick<Ghost, 'source' | 'target'>): string {
  return `${source}>${target}`
}
