/**
 * Reliability: the probability that a thing works, whose parts need each other and may be shared.
 *
 * Intuition: multiplying along the arrows counts a database twice that two services need, as if it
 * could be up for one and down for the other. So what is certainly needed is multiplied once. What
 * stands behind a choice (this, or else that) and is shared is fixed, up and then down, and the two
 * answers are weighed: R = Σ P(S = s) · R given s. Choices that have no part in common are worked out
 * apart. With more than 20 shared parts among those that do, that takes longer than anybody waits, and
 * throwing dice, with the interval that dice leave, takes its place.
 *
 * Invariants:
 *   R1. With at most SHARED_MAX shared parts in each group of choices the result is exact: low = high.
 *   R2. Otherwise the true value lies within [low, high] in 95 of 100 seeds.
 *   R3. A part that is better, or an alternative more, never makes the whole worse.
 *
 * Source: Shannon's expansion, as in fault tree analysis; the interval is Wilson's (1927).
 */
import { assert } from '#errors'
import { at } from './at.ts'
import { diceFrom } from './dice.ts'

/** A part: it works if it is up itself and each of its needs is met. */
export interface Part {
  /** Probability that it is up itself, independent of all others. */
  readonly availability: number
  /** Each need is met if at least one of its alternatives, by position, works. */
  readonly needs: readonly (readonly number[])[]
}

/** The alternatives of one need. */
type Choice = readonly number[]

/** A probability, and how well it is known. */
export interface Chance {
  readonly low: number
  readonly high: number
}

/** The chance of a part, and what fails with certainty when it does. */
export interface Reliability extends Chance {
  /** Positions without which it cannot work, itself included: its single points of failure. */
  readonly certain: readonly number[]
}

/** Shared parts behind choices up to which the result is exact: 2²⁰ cases. */
export const SHARED_MAX = 20

const SAMPLES = 20_000
/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959_964

/** The reliability of the part at `root`. Choices must not lead back to themselves: that is asserted. */
export function reliabilityOf(parts: readonly Part[], root: number, seed = 1): Reliability {
  const { certain, choices } = certainParts(parts, root)
  const base = [...certain].reduce((product, each) => product * at(parts, each).availability, 1)
  const rest = choiceChance(parts, choices, certain, seed)
  return { low: base * rest.low, high: base * rest.high, certain: [...certain] }
}

/** What the root needs without any choice, and the choices that are left. */
function certainParts(
  parts: readonly Part[],
  root: number,
): { readonly certain: ReadonlySet<number>; readonly choices: readonly Choice[] } {
  const certain = new Set([root])
  for (const each of certain) {
    for (const need of at(parts, each).needs) if (need.length === 1) certain.add(at(need, 0))
  }
  const open = [...certain].flatMap((each) =>
    at(parts, each).needs.filter((need) => need.length > 1),
  )
  return { certain, choices: open.filter((need) => !need.some((each) => certain.has(each))) }
}

/** The chance that every choice is met, given that the certain parts work. */
function choiceChance(
  parts: readonly Part[],
  choices: readonly Choice[],
  certain: ReadonlySet<number>,
  seed: number,
): Chance {
  if (choices.length === 0) return { low: 1, high: 1 }
  const given = parts.map((part, index) => (certain.has(index) ? SURE : part))
  return independent(given, choices).reduce(
    (product, group) => {
      const { low, high } = groupChance(given, group, seed)
      return { low: product.low * low, high: product.high * high }
    },
    { low: 1, high: 1 },
  )
}

/** Choices in groups that have no part in common, so that their chances may be multiplied. */
function independent(parts: readonly Part[], choices: readonly Choice[]): readonly Choice[][] {
  let groups: { readonly reach: ReadonlySet<number>; readonly choices: Choice[] }[] = []
  for (const choice of choices) {
    const own = reachOf(parts, choice)
    const met = groups.filter(({ reach }) => [...own].some((each) => reach.has(each)))
    const merged = {
      reach: new Set([...own, ...met.flatMap(({ reach }) => [...reach])]),
      choices: [...met.flatMap((group) => group.choices), choice],
    }
    groups = [...groups.filter((group) => !met.includes(group)), merged]
  }
  return groups.map((group) => group.choices)
}

/** The parts that may fail among those that a choice leads to. */
function reachOf(parts: readonly Part[], choice: Choice): ReadonlySet<number> {
  const reach = new Set(choice)
  for (const each of reach) for (const next of at(parts, each).needs.flat()) reach.add(next)
  return new Set([...reach].filter((each) => !isSure(at(parts, each))))
}

function groupChance(parts: readonly Part[], choices: readonly Choice[], seed: number): Chance {
  const root = parts.length
  const whole = [...parts, { availability: 1, needs: choices }]
  const order = calleesFirst(whole, root)
  const shared = sharedIn(whole, order)
  if (shared.length > SHARED_MAX) return sampled(whole, order, seed)
  const exact = conditioned(whole, [...shared, root], [])
  return { low: exact, high: exact }
}

const SURE: Part = { availability: 1, needs: [] }

/** The parts below `root`, each after all that it needs. */
function calleesFirst(parts: readonly Part[], root: number): readonly number[] {
  const found = new Set<number>()
  const open = new Set<number>()
  const visit = (each: number): void => {
    if (found.has(each)) return
    assert(!open.has(each), 'parts do not need themselves')
    open.add(each)
    for (const need of at(parts, each).needs) need.forEach(visit)
    found.add(each)
  }
  visit(root)
  return [...found]
}

/** The parts with a chance of their own that are needed in more than one place, deepest first. */
function sharedIn(parts: readonly Part[], order: readonly number[]): readonly number[] {
  const places = new Map<number, number>()
  for (const each of order)
    for (const target of at(parts, each).needs.flat())
      places.set(target, (places.get(target) ?? 0) + 1)
  return order.filter((each) => (places.get(each) ?? 0) > 1 && !isSure(at(parts, each)))
}

function isSure({ availability, needs }: Part): boolean {
  return availability === 1 && needs.length === 0
}

/** Fixes the parts of `ahead` one after the other; the last of them is the one that is asked for. */
function conditioned(
  parts: readonly Part[],
  ahead: readonly number[],
  fixed: (number | undefined)[],
  depth = 0,
): number {
  const each = at(ahead, depth)
  const works = treeChance(parts, each, fixed)
  if (depth === ahead.length - 1) return works
  const given = (state: number): number => {
    fixed[each] = state
    return conditioned(parts, ahead, fixed, depth + 1)
  }
  const ifUp = works > 0 ? works * given(1) : 0
  const ifDown = works < 1 ? (1 - works) * given(0) : 0
  fixed[each] = undefined
  return ifUp + ifDown
}

/** The chance of a part below which nothing is shared but what is fixed: a product over a tree. */
function treeChance(
  parts: readonly Part[],
  each: number,
  fixed: readonly (number | undefined)[],
): number {
  const { availability, needs } = at(parts, each)
  return needs.reduce((product, need) => {
    const allFail = need.reduce(
      (chance, one) => chance * (1 - (fixed[one] ?? treeChance(parts, one, fixed))),
      1,
    )
    return product * (1 - allFail)
  }, availability)
}

/** Throws dice, and says how far off they may be. */
function sampled(parts: readonly Part[], order: readonly number[], seed: number): Chance {
  const dice = diceFrom(seed)
  const works: boolean[] = []
  let count = 0
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    for (const each of order) {
      const { availability, needs } = at(parts, each)
      const isUp = dice() < availability
      works[each] = isUp && needs.every((need) => need.some((one) => works[one] === true))
    }
    if (works[at(order, order.length - 1)] === true) count += 1
  }
  return interval(count / SAMPLES)
}

function interval(share: number): Chance {
  const weight = Z ** 2 / SAMPLES
  const middle = (share + weight / 2) / (1 + weight)
  const half =
    (Z / (1 + weight)) * Math.sqrt((share * (1 - share)) / SAMPLES + weight / 4 / SAMPLES)
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
}
