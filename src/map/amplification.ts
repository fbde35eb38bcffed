/**
 * Amplification: how many requests one request may become.
 *
 * Intuition: each layer that tries three times multiplies by three what the layer above it sends, so
 * three layers make 27 requests of one, and they do it when the lowest layer is down and can bear it
 * least. A budget replaces the factor 3 by 1.1; a stamp ("I gave up, do not try again") lets only the
 * last layer multiply.
 *
 * For a handler v that is called over the arrows u→v, `times` per run of u:
 *
 *   base      Σ base(u) · times                 nothing fails
 *   product   Σ product(u) · times · A          everything fails, only the attempts bound it
 *   bounded   Σ bounded(u) · times · min(A, 1 + ratio)   many requests, in the long run
 *   down      Σ base(u) · times · A             v stays down and every arrow to it is stamped
 *
 * Invariants:
 *   M1. base ≤ bounded ≤ product, and base ≤ down ≤ product.
 *   M2. Without budgets bounded = product; without stamps down = product.
 *   M3. In a loop and behind it all is unbounded: Infinity is said, not a large number.
 *   M4. `product` bounds a single request; `bounded` bounds what many add up to, each, beyond the
 *       retries that a full jar holds. It is the first that a gate judges: a jar may be full.
 *   M5. A stamp bounds failures of which it is known that nothing happened again; `bounded` does not
 *       count on it, since an answer that was lost carried no stamp.
 *
 * Source: Google, "Site Reliability Engineering", ch. 21 and 22; Finagle's RetryBudget.
 */
import { at } from './at.ts'
import type { Calling, Step } from './calling.ts'

/** The requests that reach a handler for one request at the root. */
export interface Load {
  /** Requests if nothing fails. */
  readonly base: number
  /** Requests if everything fails and only the attempts bound it. */
  readonly product: number
  /** Requests at most, by attempts and budgets. */
  readonly bounded: number
  /** Requests while this handler stays down and says so. */
  readonly down: number
  /** The caller that sends most of them; `undefined` at the root and in a loop. */
  readonly heaviest: { readonly caller: number; readonly product: number } | undefined
}

const NONE = same(0)
const ONE = same(1)
const UNBOUNDED = same(Infinity)

function same(count: number): Load {
  return { base: count, product: count, bounded: count, down: count, heaviest: undefined }
}

/** The requests that one request at `root` causes at each handler that it reaches, by position. */
export function loadsFrom(calling: Calling, root: number): ReadonlyMap<number, Load> {
  const { handlers, steps, loopOf } = calling
  const loads = new Map<number, Load>()
  const flood = (loop: readonly number[]): void =>
    loop.forEach((each) => loads.set(each, UNBOUNDED))
  const ownLoop = loopOf.get(root)
  if (ownLoop === undefined) loads.set(root, ONE)
  else flood(ownLoop)
  for (let place = ownLoop?.[0] ?? root; place < handlers.length; place += 1) {
    const load = loads.get(place)
    if (load === undefined) continue
    for (const step of at(steps, place)) {
      const loop = loopOf.get(step.to)
      if (loop === undefined)
        loads.set(step.to, added(loads.get(step.to) ?? NONE, load, place, step))
      else flood(loop)
    }
  }
  return loads
}

function added(load: Load, from: Load, caller: number, { times, arrow }: Step): Load {
  const { attemptsMax, budgetRatio, isStamped } = arrow.policy
  const bounded = from.bounded * times * Math.min(attemptsMax, 1 + (budgetRatio ?? Infinity))
  const product = from.product * times * attemptsMax
  return {
    base: load.base + from.base * times,
    product: load.product + product,
    bounded: load.bounded + bounded,
    down: load.down + (isStamped ? from.base : from.product) * times * attemptsMax,
    heaviest: product > (load.heaviest?.product ?? 0) ? { caller, product } : load.heaviest,
  }
}

/** The way from the root to a handler on which most of its requests come. */
export function heaviestWay(loads: ReadonlyMap<number, Load>, target: number): readonly number[] {
  const way = [target]
  for (let each = loads.get(target); each?.heaviest !== undefined;) {
    way.push(each.heaviest.caller)
    each = loads.get(each.heaviest.caller)
  }
  return way.toReversed()
}
