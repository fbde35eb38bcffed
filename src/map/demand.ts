/**
 * Demand: what arrives at each service if every way in is used at a given rate, and how much room is left.
 *
 * Intuition: the calls that one request causes are known from the graph, so a rate at the doors is a
 * rate everywhere. What must be in the air to carry it follows by Little's law; whether retries alone
 * could keep a service down follows from the room above the load that they make.
 *
 * Invariants:
 *   D1. worst ≥ rate: retries only add.
 *   D2. Behind a loop both are unbounded.
 */
import { loadsFrom } from './amplification.ts'
import { at, get } from './at.ts'
import type { Calling } from './calling.ts'
import { stabilityMargin } from './capacity.ts'
import type { Path } from './path.ts'

/** What arrives at one service. */
export interface Demand {
  readonly service: string
  /** Requests a second if nothing fails. */
  readonly ratePerSecond: number
  /** Requests a second at most in the long run, retries included. */
  readonly worstPerSecond: number
  /** Requests a second that it can answer, if somebody said so. */
  readonly capacityPerSecond: number | undefined
  /** How many times the worst load fits into the capacity. */
  readonly margin: number | undefined
}

/** Demand by service, and how often each arrow is taken for one request on every way in. */
export interface Demands {
  readonly services: readonly Demand[]
  readonly taken: ReadonlyMap<string, number>
}

/** What `ratePerSecond` requests on every way in ask of each service. */
export function demandsOf(
  calling: Calling,
  paths: readonly Path[],
  given: {
    readonly ratePerSecond: number
    readonly capacityPerSecond: Readonly<Record<string, number>>
  },
): Demands {
  const places = new Map(calling.handlers.map(({ name }, place) => [name, place]))
  const taken = new Map<string, number>()
  const sums = new Map<string, { base: number; bounded: number }>()
  for (const { name } of paths) {
    for (const [place, { base, bounded }] of loadsFrom(calling, get(places, name))) {
      const { service } = at(calling.handlers, place)
      const sum = sums.get(service) ?? { base: 0, bounded: 0 }
      sums.set(service, { base: sum.base + base, bounded: sum.bounded + bounded })
      for (const { arrow, times } of at(calling.steps, place))
        taken.set(arrow.name, (taken.get(arrow.name) ?? 0) + base * times)
    }
  }
  const services = [...sums].map(([service, { base, bounded }]): Demand => {
    const worstPerSecond = bounded * given.ratePerSecond
    const capacityPerSecond = given.capacityPerSecond[service]
    return {
      service,
      ratePerSecond: base * given.ratePerSecond,
      worstPerSecond,
      capacityPerSecond,
      margin: capacityPerSecond && stabilityMargin({ capacityPerSecond, worstPerSecond }),
    }
  })
  return { services, taken }
}
