/**
 * Strongly connected components: the sets of nodes that can reach each other.
 *
 * Invariants:
 *   K1. Every node is in exactly one component.
 *   K2. A component comes before all components that reach it.
 *
 * Source: Tarjan, "Depth-first search and linear graph algorithms" (1972), with a stack of its own
 * instead of recursion: a chain of 100,000 nodes must not exhaust ours.
 */

interface Frame {
  readonly node: number
  next: number
}

/** The components of a graph whose node `n` leads to the nodes `targets[n]`. */
export function components(targets: readonly (readonly number[])[]): number[][] {
  const search = new Search(targets)
  for (const node of targets.keys()) search.visit(node)
  return search.found
}

class Search {
  readonly found: number[][] = []
  readonly #targets: readonly (readonly number[])[]
  readonly #number: number[] = []
  readonly #lowest: number[] = []
  readonly #open: number[] = []
  readonly #isOpen: boolean[] = []
  readonly #frames: Frame[] = []
  #count = 0

  constructor(targets: readonly (readonly number[])[]) {
    this.#targets = targets
  }

  visit(root: number): void {
    if (this.#number[root] !== undefined) return
    this.#enter(root)
    for (let frame = this.#frames.at(-1); frame !== undefined; frame = this.#frames.at(-1)) {
      const target = this.#targets[frame.node]?.[frame.next]
      frame.next += 1
      if (target === undefined) this.#leave(frame.node)
      else if (this.#number[target] === undefined) this.#enter(target)
      else if (this.#isOpen[target] === true) this.#lower(frame.node, this.#number[target])
    }
  }

  #enter(node: number): void {
    this.#number[node] = this.#count
    this.#lowest[node] = this.#count
    this.#count += 1
    this.#open.push(node)
    this.#isOpen[node] = true
    this.#frames.push({ node, next: 0 })
  }

  #leave(node: number): void {
    this.#frames.pop()
    const lowest = this.#lowest[node] ?? 0
    const parent = this.#frames.at(-1)
    if (parent !== undefined) this.#lower(parent.node, lowest)
    if (lowest === this.#number[node]) this.#close(node)
  }

  #lower(node: number, bound: number): void {
    this.#lowest[node] = Math.min(this.#lowest[node] ?? bound, bound)
  }

  #close(root: number): void {
    const members = this.#open.splice(this.#open.lastIndexOf(root))
    for (const each of members) this.#isOpen[each] = false
    this.found.push(members)
  }
}
