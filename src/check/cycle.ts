/**
 * Cycles in a graph of dependencies: where they are, and a short one to look at.
 *
 * Intuition: a cycle lies inside one strongly connected component, and Tarjan's algorithm finds all
 * of these in one walk. Inside a component, a search in breadth from the end of an arrow back to its
 * beginning gives the shortest cycle through that arrow.
 *
 * Invariants:
 *   Y1. Components are found in O(arrows); without recursion, so that depth has no limit.
 *   Y2. The cycle is the shortest of those looked for within VISITS_MAX arrows, and it is always real.
 *       The first search always ends, so that where every arrow lies on a cycle one is found.
 *
 * Source: Tarjan, Depth-First Search and Linear Graph Algorithms (1972).
 */
import type { Dependency, DependencyKind, Graph } from './dependency.ts'

/** Which cycles are looked for. */
export interface CycleKind {
  /** One arrow of this kind. */
  readonly through: DependencyKind
  /** The kinds of all other arrows. */
  readonly others: ReadonlySet<DependencyKind>
}

/** A cycle: each arrow ends where the next begins. */
export type Cycle = readonly Dependency[]

/** After so many arrows no further search begins, and the best cycle so far is taken. */
const VISITS_MAX = 1_000_000

/** Nodes that reach each other over arrows of these kinds; components of one node are left out. */
export function components(
  graph: Graph,
  kinds: ReadonlySet<DependencyKind>,
): readonly (readonly number[])[] {
  return new Tarjan(graph, kinds).components()
}

/** One walk of Tarjan's algorithm with a stack of its own. */
class Tarjan {
  readonly #graph: Graph
  readonly #kinds: ReadonlySet<DependencyKind>
  readonly #order: Int32Array
  readonly #low: Int32Array
  readonly #isOpen: Uint8Array
  readonly #open: number[] = []
  readonly #found: number[][] = []
  #count = 0

  constructor(graph: Graph, kinds: ReadonlySet<DependencyKind>) {
    this.#graph = graph
    this.#kinds = kinds
    this.#order = new Int32Array(graph.length)
    this.#low = new Int32Array(graph.length)
    this.#isOpen = new Uint8Array(graph.length)
  }

  components(): readonly (readonly number[])[] {
    for (let root = 0; root < this.#graph.length; root++)
      if (this.#order[root] === 0) this.#walk(root)
    return this.#found
  }

  #walk(root: number): void {
    const path = [this.#enter(root)]
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const arrow = top.arrows[top.next++]
      if (arrow === undefined) {
        path.pop()
        const parent = path.at(-1)
        if (parent !== undefined) this.#lower(parent.node, this.#low[top.node] ?? 0)
        this.#leave(top.node)
      } else if (this.#kinds.has(arrow.kind)) {
        const order = this.#order[arrow.to] ?? 0
        if (order === 0) path.push(this.#enter(arrow.to))
        else if (this.#isOpen[arrow.to] === 1) this.#lower(top.node, order)
      }
    }
  }

  #enter(node: number): { readonly node: number; readonly arrows: Cycle; next: number } {
    this.#order[node] = this.#low[node] = ++this.#count
    this.#open.push(node)
    this.#isOpen[node] = 1
    return { node, arrows: this.#graph[node] ?? [], next: 0 }
  }

  #lower(node: number, order: number): void {
    this.#low[node] = Math.min(this.#low[node] ?? 0, order)
  }

  /** A node that reaches nothing before itself is the root of a component: all that is open above it. */
  #leave(node: number): void {
    if (this.#low[node] !== this.#order[node]) return
    const component = this.#open.splice(this.#open.lastIndexOf(node))
    for (const each of component) this.#isOpen[each] = 0
    if (component.length > 1) this.#found.push(component)
  }
}

/** The shortest cycle of its kind in a component; `undefined` if there is none within the bound. */
export function shortestCycle(
  graph: Graph,
  component: readonly number[],
  { through, others }: CycleKind,
): Cycle | undefined {
  const inside = new Set(component)
  const visits = { left: VISITS_MAX }
  let best: Cycle | undefined
  for (const node of component) {
    for (const arrow of graph[node] ?? []) {
      if (visits.left <= 0) return best
      if (arrow.kind !== through || !inside.has(arrow.to)) continue
      const back = shortestPath(graph, arrow, { inside, others, visits })
      if (back === undefined) continue
      if (best === undefined || back.length + 1 < best.length) best = [arrow, ...back]
      // Two is the fewest that there can be.
      if (best.length === 2) return best
    }
  }
  return best
}

/** The shortest way from the end of an arrow back to its beginning. */
function shortestPath(
  graph: Graph,
  { from: goal, to: start }: Dependency,
  field: {
    readonly inside: ReadonlySet<number>
    readonly others: ReadonlySet<DependencyKind>
    readonly visits: { left: number }
  },
): Cycle | undefined {
  const arrivals = new Map<number, Dependency>()
  const queue = [start]
  for (const node of queue) {
    for (const arrow of graph[node] ?? []) {
      field.visits.left--
      if (!field.others.has(arrow.kind) || !field.inside.has(arrow.to)) continue
      if (arrow.to === start || arrivals.has(arrow.to)) continue
      arrivals.set(arrow.to, arrow)
      if (arrow.to === goal) return pathTo(goal, start, arrivals)
      queue.push(arrow.to)
    }
  }
  return undefined
}

function pathTo(goal: number, start: number, arrivals: ReadonlyMap<number, Dependency>): Cycle {
  const path: Dependency[] = []
  for (let node = goal; node !== start;) {
    const arrow = arrivals.get(node)
    if (arrow === undefined) return path
    path.unshift(arrow)
    node = arrow.from
  }
  return path
}
