/**
 * Criticality: how much it matters that a call is served, from the first caller to the last callee.
 *
 * Intuition: under overload a service refuses the least important first. If each hop chose anew, a
 * background job would become critical two hops down; so the word travels with the work, and an edge
 * or a header may lower it and never raise it.
 *
 * Invariants:
 *   R1. The criticality of a call is never above that of the work that made it.
 *   R2. All calls of one trace have one level, so that they live or die together: of a task with four
 *       calls, each admitted with chance one half, one in sixteen would be done.
 *
 * Source: Google SRE, chapter 21; the levels within a class from DAGOR (Zhou et al., SoCC 2018).
 */
import type { Criticality } from '#model'
import { criticalities, levelOf } from '#policy'

/** What work claims that nobody classified. */
const DEFAULT: Criticality = 'critical'

/** The lower of two claims; `undefined` claims nothing. */
export function lower(one: Criticality | undefined, other: Criticality | undefined): Criticality {
  if (one === undefined || other === undefined) return one ?? other ?? DEFAULT
  return criticalities.indexOf(one) < criticalities.indexOf(other) ? one : other
}

/** The claim in a header. What is not one of the four words claims nothing. */
export function readCriticality(text: string | undefined): Criticality {
  return criticalities.find((each) => each === text) ?? DEFAULT
}

/** The level at the door: the class, and within it a place that the whole trace shares. */
export function levelIn(criticality: Criticality, traceId: string): number {
  return levelOf(criticality, Number.parseInt(traceId.slice(0, 2), 16))
}
