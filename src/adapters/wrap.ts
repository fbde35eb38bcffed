/**
 * The first rung: one arrow of a program that knows nothing else of Holdfast.
 */
import { type FunctionsOf, type Wrapped, wrapped, type WrapOptions } from '#edge'
import type { Contract, Edge } from '#model'
import { nodeClock, nodeRandom, nodeWheel } from '#world'

/**
 * Puts the policies of an edge around functions of your own: deadline, retries with a budget, breaker,
 * bulkhead, cache, fallback. Each of its operations that you name becomes a function with four outcomes.
 *
 * @throws HF_DECLARATION_INVALID if a function belongs to no operation, or its operation hedges.
 * @example
 * const stripe = wrap(pay, { charge: (order, { key, signal }) => ask(order, key, signal) })
 * const receipt = await stripe.charge({ orderId: 'o1', cents: 500 })
 */
export function wrap<C extends Contract, F extends FunctionsOf<C>>(
  edge: Edge<C>,
  functions: F,
  options: Partial<WrapOptions> = {},
): Wrapped<C, keyof F> {
  const world = { clock: nodeClock, timers: nodeWheel(), random: nodeRandom }
  return wrapped(edge, functions, { world, ...options })
}
