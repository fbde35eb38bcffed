/**
 * Bugs. A broken invariant is neither a refusal nor a failure: nobody can handle it, so it crashes.
 *
 * The message states the invariant that was expected to hold, not the action that was attempted.
 */

/** Stops the process's present work if `condition` is false. For broken invariants only, never for input. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new InvariantBroken(invariant)
}

/** Marks the branch that an exhaustive `switch` cannot reach. */
export function unreachable(value: never): never {
  throw new InvariantBroken(`no such case: ${JSON.stringify(value)}`)
}

class InvariantBroken extends Error {
  override readonly name: string = 'InvariantBroken'
}
