/**
 * A system: the services that belong together, and the foreign ones they call.
 *
 * It is the smallest value from which every arrow follows: calls from `uses`, events from the
 * subscriptions. Checked when it is declared, so that a missing neighbour is found at start and not
 * at the first order.
 */
import { HoldfastError } from '#errors'
import type { Acknowledgement } from './broker.ts'
import type { Contract } from './contract.ts'
import { deepFreeze } from './freeze.ts'
import type { Service } from './service.ts'

/** A service that is not ours. In production `HOLDFAST_URL_<NAME>` says where it is. */
export interface Foreign {
  readonly name: string
  readonly contract: Contract
  /** A program that stands in for it in development; it must listen on `PORT`. */
  readonly standIn: URL | undefined
}

/** Declares a foreign service by its contract. */
export function foreign(contract: Contract, options: { readonly standIn?: URL } = {}): Foreign {
  return { name: contract['~contract'].name, contract, standIn: options.standIn }
}

/** The arrow on which events travel: everything that `target` subscribes to at `source`. */
export interface EventEdge {
  /** `orders>inventory`. */
  readonly name: string
  readonly source: string
  readonly target: string
  /** Names of the events of `source` that `target` subscribes to. */
  readonly events: readonly string[]
  /** Those whose dead letters do not hold up the later events of their key. */
  readonly skips: readonly string[]
  /** End to end if one of its events wants it: they share the order of their keys. */
  readonly acknowledged: Acknowledgement
}

/** A declared system. */
export interface System {
  readonly name: string
  readonly services: readonly Service[]
  readonly foreign: readonly Foreign[]
  readonly eventEdges: readonly EventEdge[]
}

/**
 * Declares a system.
 *
 * @throws HF_DECLARATION_INVALID naming every fault: a name twice, an edge to nobody, a subscription
 *   to an event of nobody, two handlers for one event in one service.
 */
export function system(
  name: string,
  options: { readonly services: readonly Service[]; readonly foreign?: readonly Foreign[] },
): System {
  const { services, foreign: others = [] } = options
  const faults = [
    ...namesTwice([...services, ...others]),
    ...services.flatMap((each) => faultsOf(each, services, others)),
  ]
  if (faults.length > 0) {
    throw new HoldfastError('HF_DECLARATION_INVALID', {
      detail: `system '${name}': ${faults.join('; ')}`,
    })
  }
  return deepFreeze({ name, services, foreign: others, eventEdges: services.flatMap(eventEdgesOf) })
}

function namesTwice(all: readonly { readonly name: string }[]): string[] {
  const names = all.map((each) => each.name)
  return names
    .filter((each, index) => names.indexOf(each) !== index)
    .map((each) => `two services are called '${each}'`)
}

function faultsOf(
  each: Service,
  services: readonly Service[],
  others: readonly Foreign[],
): string[] {
  const reachable = new Set([...services, ...others].map((one) => one.name))
  const lost = each.uses
    .filter((used) => !reachable.has(used['~edge'].target))
    .map((used) => `'${each.name}' calls '${used['~edge'].target}', which is not in the system`)
  const events = each.subscriptions.map((one) => `${one.event.contract}.${one.event.name}`)
  const orphans = each.subscriptions
    .filter((one) => !services.some((source) => source.name === one.event.contract))
    .map(
      (one) => `'${each.name}' subscribes to '${one.event.contract}', which is not in the system`,
    )
  const doubles = events
    .filter((one, index) => events.indexOf(one) !== index)
    .map((one) => `'${each.name}' has two handlers for '${one}'`)
  return [...lost, ...orphans, ...doubles]
}

function eventEdgesOf(target: Service): EventEdge[] {
  const sources = [...new Set(target.subscriptions.map((one) => one.event.contract))]
  return sources.map((source) => {
    const ours = target.subscriptions.filter((one) => one.event.contract === source)
    return {
      name: `${source}>${target.name}`,
      source,
      target: target.name,
      events: ours.map((one) => one.event.name),
      skips: ours.filter((one) => one.dead === 'skip').map((one) => one.event.name),
      acknowledged: ours.some((one) => one.acknowledged === 'end-to-end') ? 'end-to-end' : 'broker',
    }
  })
}
