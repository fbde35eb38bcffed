/**
 * Whose code holds everything up: asked from outside, while that code is running.
 */
import { currentActor } from './actor.ts'
import { placeOf } from './place.ts'
import { Incarnation } from './process.ts'

/** A simulated process that does not let go. */
export interface Stalled {
  /** `orders#2`. */
  readonly who: string
  readonly seed: number
  /** `orders/app.ts:31`. */
  readonly place: string
}

/**
 * Who runs now, given the present stack. `undefined` if it is nobody's code but the simulator's: without a
 * line of the user's on the stack it is a database that starts, or a statement that it works on.
 */
export function stalledAt(stack: string): Stalled | undefined {
  const actor = currentActor()
  if (!(actor instanceof Incarnation)) return undefined
  const place = placeOf(stack)
  return place === undefined ? undefined : { who: actor.name, seed: actor.seed, place }
}
