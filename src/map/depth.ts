/**
 * Synchronous depth: how many calls stand on each other's shoulders at most.
 *
 * Invariants:
 *   H1. A handler that calls nobody has depth 0; a caller is one deeper than its deepest callee.
 *   H2. A handler that reaches a loop has unbounded depth.
 */
import { at } from './at.ts'
import type { Calling } from './calling.ts'

/** The depth below each handler, by its position. */
export function depthsOf({ handlers, steps, loopOf }: Calling): readonly number[] {
  const depths: number[] = []
  for (let place = handlers.length - 1; place >= 0; place -= 1) {
    // The members of a loop are not all known yet when its last one is reached, and need not be.
    depths[place] = loopOf.has(place)
      ? Infinity
      : at(steps, place).reduce((deepest, { to }) => Math.max(deepest, at(depths, to) + 1), 0)
  }
  return depths
}
