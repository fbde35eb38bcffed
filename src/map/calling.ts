/**
 * Who waits for whom: the handlers of a graph as numbers, callers before callees.
 *
 * All arithmetic walks this order once instead of following paths, whose number grows exponentially:
 * a thousand services with five thousand arrows cost five thousand steps.
 *
 * Invariants:
 *   N1. Outside a cycle, a caller stands before everything that it calls.
 *   N2. A handler is in `loopOf` exactly if it can, by calls alone, come back to itself; the members
 *       of a loop stand together.
 */
import { at, get } from './at.ts'
import { components } from './components.ts'
import type { Graph, HandlerNode, Use } from './graph.ts'

/** One call of one handler. */
export interface Step extends Use {
  /** The position of the handler that answers. */
  readonly to: number
}

/** What each handler calls, by its position. */
type Steps = readonly (readonly Step[])[]

/** The handlers in the order of calling. */
export interface Calling {
  readonly handlers: readonly HandlerNode[]
  readonly steps: Steps
  /** For each handler that can wait for itself, all that can wait for it and it for them. */
  readonly loopOf: ReadonlyMap<number, readonly number[]>
  /** For each loop one shortest way around. */
  readonly rings: readonly (readonly number[])[]
}

/** The handlers of a graph, callers first. */
export function callingOf(graph: Graph): Calling {
  const targets = targetsOf(graph.handlers)
  const groups = components(targets).toReversed()
  const order = groups.flat()
  const placeOf = new Map(order.map((index, place) => [index, place]))
  const handlers = order.map((index) => at(graph.handlers, index))
  const steps = order.map((index, place) =>
    at(handlers, place).calls.map((use, which) => ({
      ...use,
      to: get(placeOf, at(at(targets, index), which)),
    })),
  )
  const loops = groups
    .map((group) => group.map((index) => get(placeOf, index)))
    .filter((group) => group.length > 1 || callsItself(steps, at(group, 0)))
  return {
    handlers,
    steps,
    loopOf: new Map(loops.flatMap((loop) => loop.map((place) => [place, loop]))),
    rings: loops.map((loop) => shortestRing(steps, at(loop, 0))),
  }
}

/** The positions of the handlers behind each handler's calls. */
function targetsOf(handlers: readonly HandlerNode[]): number[][] {
  const positions = new Map(handlers.map(({ name }, index) => [name, index]))
  return handlers.map(({ calls }) =>
    calls.map(({ arrow }) => get(positions, `${arrow.target}.${arrow.operation}`)),
  )
}

function callsItself(steps: Steps, place: number): boolean {
  return at(steps, place).some(({ to }) => to === place)
}

/** The shortest way from a place that lies on a cycle back to itself, by breadth-first search. */
function shortestRing(steps: Steps, start: number): readonly number[] {
  const cameFrom = new Map<number, number>()
  const queue = [start]
  for (const each of queue) {
    for (const { to } of at(steps, each)) {
      if (to === start) return trail(cameFrom, start, each)
      if (cameFrom.has(to)) continue
      cameFrom.set(to, each)
      queue.push(to)
    }
  }
  return [start]
}

function trail(cameFrom: ReadonlyMap<number, number>, start: number, end: number): number[] {
  const found = [end]
  for (let each = end; each !== start; found.push(each)) each = get(cameFrom, each)
  return found.toReversed()
}
