/**
 * A draw: a random number that a decision asks for only when it needs one.
 *
 * Most decisions need none, and a strong random number costs more than the decision. A policy
 * therefore takes the draw with the event, as a function, and stays a pure machine: the same events
 * with the same draws give the same decisions.
 *
 * Invariants:
 *   D1. (1 − share) · ms ≤ spread < (1 + share) · ms.
 */

/** Gives a number in [0, 1), such as `() => world.random.float()`. */
export type Draw = () => number

/** `ms` a little earlier or later, so that machines which decided together do not act together. */
export function spread(
  { ms, share }: { readonly ms: number; readonly share: number },
  draw: Draw,
): number {
  return ms * (1 - share + 2 * share * draw())
}
