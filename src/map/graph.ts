/**
 * The graph: who calls whom, who hears whom, and what each handler may cause, read from the values
 * that run.
 *
 * Promise: every arrow of the graph is declared, and every declared arrow is in the graph.
 *
 * Intuition: the declaration says which arrows a service has, not which handler takes which. So a
 * handler that may call is taken to call everything that its service uses, once, and one that may
 * emit to emit everything: too much rather than too little. Who knows better says so in `causes`.
 *
 * Invariants:
 *   G1. A handler without `ask` has no calls: it has no `call` in its hands.
 *   G2. A query emits nothing: it has no `emit`.
 *   G3. Without `causes`, the graph has every call and every event that can happen, each call once.
 */
import { HoldfastError } from '#errors'
import type {
  Acknowledgement,
  Contract,
  Edge,
  EdgeOperation,
  ResolvedPolicy,
  Service,
  Subscription,
  System,
} from '#model'
import { keyName } from './key-name.ts'
import { type ArrowPolicy, policyOf } from './policy.ts'

/** One operation of one declared edge. */
export interface CallArrow {
  /** `orders>payments.authorize`. */
  readonly name: string
  readonly source: string
  readonly target: string
  readonly operation: string
  readonly kind: 'command' | 'query'
  /** True if a second attempt is harmless: a query, or a command with a key. */
  readonly isRepeatable: boolean
  readonly policy: ArrowPolicy
  /** The very object that the call edge enforces. */
  readonly resolved: ResolvedPolicy
}

/** One event on its way to one subscriber. */
export interface EventArrow {
  /** `orders>inventory.placed`. */
  readonly name: string
  readonly source: string
  readonly target: string
  readonly event: string
  /** `orderId`, or 'key' where the name cannot be read; `undefined` if no order is promised. */
  readonly orderedBy: string | undefined
  /** Whose word lets the emitter forget it, where there is a broker. */
  readonly acknowledged: Acknowledgement
}

/** A call that a handler may make, and how often in one run. */
export interface Use {
  readonly arrow: CallArrow
  readonly times: number
}

/** The code behind one operation or one subscription. */
export interface HandlerNode {
  /** `orders.place`, or `inventory<orders.placed`. */
  readonly name: string
  readonly service: string
  readonly kind: 'command' | 'query' | 'subscription'
  /** `POST /orders`; `undefined` if it is reachable by its default route only. */
  readonly route: string | undefined
  /** What makes the effect happen once: `orderId`, 'the caller's key'; `undefined` if nothing does. */
  readonly key: string | undefined
  readonly calls: readonly Use[]
  /** Events that it may emit: `orders.placed`. */
  readonly emits: readonly string[]
  /** The event that it handles, if it is a subscription. */
  readonly hears: string | undefined
}

/** A service of the system, or a foreign one that it calls. */
export interface ServiceNode {
  readonly name: string
  readonly isForeign: boolean
  /** The people who answer for it, if the declaration says so. */
  readonly team: string | undefined
  /** Name of the store that it owns; a foreign one keeps its stores to itself. */
  readonly store: string | undefined
}

/** A database, and whoever declares it. More than one owner is a fault that the map reports. */
export interface Store {
  readonly name: string
  readonly owners: readonly string[]
}

/** A declared system as nodes and arrows. */
export interface Graph {
  readonly system: string
  readonly services: readonly ServiceNode[]
  readonly stores: readonly Store[]
  readonly calls: readonly CallArrow[]
  readonly events: readonly EventArrow[]
  readonly handlers: readonly HandlerNode[]
}

/** What one handler really causes, by whoever knows its code. */
export interface Cause {
  /** How often it takes each call arrow in one run; what is not named is not taken. */
  readonly calls?: Readonly<Record<string, number>>
  /** Names of the events of its own contract that it emits. */
  readonly emits?: readonly string[]
}

/** Causes by the name of the handler. */
export type Causes = Readonly<Record<string, Cause>>

/**
 * The graph of a system.
 *
 * @throws HF_DECLARATION_INVALID (effect none) if an arrow leads to something that its target does not
 *   declare, or `causes` names a handler, arrow or event that does not exist.
 */
export function graphOf(system: System, causes: Causes = {}): Graph {
  const contracts = contractsOf(system)
  const calls = system.services.flatMap((each) => callsOf(each, contracts))
  const events = system.services.flatMap((each) => eventsOf(each, contracts))
  const handlers = [
    ...system.services.flatMap((each) => handlersOf(each, calls)),
    ...system.foreign.flatMap(({ name, contract }) => foreignHandlers(name, contract)),
  ]
  const stores = storesOf(system)
  return {
    system: system.name,
    services: servicesOf(system, stores),
    stores,
    calls,
    events,
    handlers: narrowed(handlers, calls, causes),
  }
}

function contractsOf({ services, foreign }: System): ReadonlyMap<string, Contract> {
  return new Map([...services, ...foreign].map(({ name, contract }) => [name, contract]))
}

function operationsOf(contract: Contract): Contract['~contract']['operations'] {
  return contract['~contract'].operations
}

function callsOf(service: Service, contracts: ReadonlyMap<string, Contract>): CallArrow[] {
  return service.uses.flatMap((edge) =>
    Object.values(referencesOf(edge)).map(({ target, operation, policy }) => {
      const name = `${service.name}>${target}.${operation.name}`
      refuseUnpromised(name, operation.kind, contracts.get(target), operation.name)
      return {
        name,
        source: service.name,
        target,
        operation: operation.name,
        kind: operation.kind,
        isRepeatable: operation.kind === 'query' || operation.keyed,
        policy: policyOf(policy),
        resolved: policy,
      }
    }),
  )
}

/** The operations of an edge: all of its own keys but the one that holds the edge itself. */
function referencesOf(edge: Edge): Readonly<Record<string, EdgeOperation>> {
  const { '~edge': _, ...references } = edge
  return references
}

function eventsOf(service: Service, contracts: ReadonlyMap<string, Contract>): EventArrow[] {
  return service.subscriptions.map(({ event }) => {
    const name = `${event.contract}>${service.name}.${event.name}`
    refuseUnpromised(name, 'event', contracts.get(event.contract), event.name)
    return {
      name,
      source: event.contract,
      target: service.name,
      event: event.name,
      orderedBy: event.key === undefined ? undefined : keyName(event.key),
      acknowledged: isEndToEnd(service, event.contract) ? 'end-to-end' : 'broker',
    }
  })
}

/** Events of one edge travel as the strictest of them. */
function isEndToEnd({ subscriptions }: Service, source: string): boolean {
  return subscriptions.some(
    ({ event, acknowledged }) => event.contract === source && acknowledged === 'end-to-end',
  )
}

function refuseUnpromised(
  arrow: string,
  kind: string,
  contract: Contract | undefined,
  operation: string,
): void {
  const promised = contract === undefined ? undefined : operationsOf(contract)[operation]
  if (promised?.kind === kind) return
  const fault =
    contract === undefined
      ? 'its target is not in the system'
      : promised === undefined
        ? `the contract of its provider has no ${kind} '${operation}'`
        : `'${operation}' is a ${promised.kind} in the contract of its provider, not ${kind === 'event' ? 'an' : 'a'} ${kind}`
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    edge: arrow,
    detail: fault,
    fix: 'Build both sides from the same contract, and list its service in the system.',
  })
}

function handlersOf(service: Service, calls: readonly CallArrow[]): HandlerNode[] {
  const uses = calls
    .filter((each) => each.source === service.name)
    .map((arrow) => ({ arrow, times: 1 }))
  const operations = Object.values(operationsOf(service.contract))
  const events = operations.filter((each) => each.kind === 'event')
  const emits = events.map((each) => `${service.name}.${each.name}`)
  const asked = operations.flatMap((each): HandlerNode[] => {
    if (each.kind === 'event') return []
    const mayCall = service.handlers[each.name]?.ask !== undefined
    return [
      {
        name: `${service.name}.${each.name}`,
        service: service.name,
        kind: each.kind,
        route: each.http?.route,
        key: each.kind === 'command' ? commandKey(each.key) : undefined,
        calls: mayCall ? uses : [],
        emits: each.kind === 'command' ? emits : [],
        hears: undefined,
      },
    ]
  })
  return [...asked, ...service.subscriptions.map((each) => heard(service, each, uses, emits))]
}

function heard(
  service: Service,
  { event, handler }: Subscription,
  uses: readonly Use[],
  emits: readonly string[],
): HandlerNode {
  const hears = `${event.contract}.${event.name}`
  return {
    name: `${service.name}<${hears}`,
    service: service.name,
    kind: 'subscription',
    route: undefined,
    key: 'event',
    calls: handler.ask === undefined ? [] : uses,
    emits,
    hears,
  }
}

/** What stands behind the operations of a foreign service is not ours to know: it ends the path. */
function foreignHandlers(service: string, contract: Contract): HandlerNode[] {
  return Object.values(operationsOf(contract)).flatMap((each): HandlerNode[] => {
    if (each.kind === 'event') return []
    const name = `${service}.${each.name}`
    const key = each.kind === 'command' ? commandKey(each.key) : undefined
    const route = each.http?.route
    return [{ name, service, kind: each.kind, route, key, calls: [], emits: [], hears: undefined }]
  })
}

function commandKey(
  rule: ((input: never) => string) | 'from-caller' | undefined,
): string | undefined {
  if (rule === undefined) return undefined
  return rule === 'from-caller' ? "the caller's key" : keyName(rule)
}

/** Stores by the place of their migrations: one place is one database, whoever declares it. */
function storesOf({ services }: System): Store[] {
  const owners = Map.groupBy(services, ({ db }) => db.migrations.href)
  return [...owners.values()].map((each) => ({
    name: `db(${each.map(({ name }) => name).join('+')})`,
    owners: each.map(({ name }) => name),
  }))
}

function servicesOf({ services, foreign }: System, stores: readonly Store[]): ServiceNode[] {
  const storeOf = new Map(stores.flatMap(({ name, owners }) => owners.map((each) => [each, name])))
  return [
    ...services.map(({ name, team }) => {
      return { name, isForeign: false, team, store: storeOf.get(name) }
    }),
    ...foreign.map(({ name }) => ({ name, isForeign: true, team: undefined, store: undefined })),
  ]
}

function narrowed(
  handlers: readonly HandlerNode[],
  calls: readonly CallArrow[],
  causes: Causes,
): readonly HandlerNode[] {
  const known = new Map(handlers.map((each) => [each.name, each]))
  const lost = Object.keys(causes).find((each) => !known.has(each))
  if (lost !== undefined) refuseCause(lost, 'the system has no such handler')
  return handlers.map((handler) => {
    const cause = causes[handler.name]
    return cause === undefined ? handler : narrowedHandler(handler, calls, cause)
  })
}

function narrowedHandler(
  handler: HandlerNode,
  calls: readonly CallArrow[],
  { calls: taken, emits }: Cause,
): HandlerNode {
  const byName = new Map(calls.map((each) => [each.name, each]))
  const uses = Object.entries(taken ?? {}).map(([name, times]): Use => {
    const arrow = byName.get(name)
    if (arrow?.source !== handler.service) refuseCause(handler.name, `it has no arrow '${name}'`)
    if (!(Number.isInteger(times) && times >= 1)) {
      refuseCause(handler.name, `${times} is not how often it takes '${name}': 1, 2, 3, …`)
    }
    return { arrow, times }
  })
  const emitted = emits?.map((each) => `${handler.service}.${each}`)
  const unknown = emitted?.find((each) => !handler.emits.includes(each))
  if (unknown !== undefined) refuseCause(handler.name, `it cannot emit '${unknown}'`)
  return {
    ...handler,
    calls: taken === undefined ? handler.calls : uses,
    emits: emitted ?? handler.emits,
  }
}

function refuseCause(handler: string, detail: string): never {
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    detail: `causes of '${handler}': ${detail}`,
    fix: 'Name a handler and arrows as the map prints them.',
  })
}
