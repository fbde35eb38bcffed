/**
 * A service: a contract, the database that it owns, and one handler for each thing it promises.
 *
 * The whole consistency model is six words: one handler, one owner, one transaction. A handler has
 * an `ask` part, which may call neighbours and holds no transaction, and a `run` part, which is one
 * local transaction and cannot reach the network. Whatever touches two owners is an event.
 *
 * Invariants:
 *   S1. `run` has no `call`; `ask` has no `tx`. The types make the network inside a transaction
 *       unwritable.
 *   S2. Each command and query of the contract has exactly one handler.
 */
import type { Duration } from '#clock'
import { HoldfastError } from '#errors'
import type { Acknowledgement } from './broker.ts'
import type {
  AnswerIn,
  AnswerOf,
  Contract,
  Event,
  InputIn,
  InputTo,
  Named,
  OfKind,
  PayloadIn,
  PayloadTo,
  Refusals,
} from './contract.ts'
import type { Callable, Edge, EdgeOperation } from './edge.ts'
import type { DatabaseDeclaration } from './executor.ts'
import { deepFreeze } from './freeze.ts'
import type { Outcome } from './outcome.ts'
import type { InputOf } from './schema.ts'

/** A declared business no, made by `refuse`. The transaction is undone, the answer is kept. */
export interface Refusal<Code extends string = string> {
  readonly '~refusal': Code
  readonly data: unknown
}

/** `refuse.declined({ reason })`: one function for each refusal that the contract declares. */
export type Refuse<R extends Refusals> = {
  readonly [K in keyof R & string]: (data: InputOf<R[K]>) => Refusal<K>
}

/** `emit.placed(order)`: one function for each event that the contract declares. */
export type Emit<C extends Contract> = {
  readonly [K in keyof OfKind<C, 'event'>]: (
    payload: PayloadTo<OfKind<C, 'event'>[K]>,
    options?: EmitOptions,
  ) => void
}

/**
 * When an event is to be delivered; at once, if nothing is said. What was delayed takes its place in
 * the order of its key when it is due: it does not hold up what its key emits meanwhile.
 */
export type EmitOptions =
  | {
      /** Counted from the commit, by the database's clock. */
      readonly after: Duration
    }
  | {
      /** At most 366 days ahead. By the database's clock; at once, if that is past. */
      readonly at: Date
    }

/** Calls a neighbour over a declared edge. Throws `Refused` or `HoldfastError`; `.outcome` never throws. */
export interface Call {
  <Op>(
    operation: EdgeOperation<Op>,
    input: InputTo<Op>,
    options?: CallOptions,
  ): Promise<AnswerOf<Op>>
  outcome<Op>(
    operation: EdgeOperation<Op>,
    input: InputTo<Op>,
    options?: CallOptions,
  ): Promise<Outcome<Op>>
}

/** What may be said for one call. */
export interface CallOptions {
  /** The idempotency key of a command whose key comes from the caller; a fresh one if absent. */
  readonly key?: string
  /** Gives the call up when it aborts, such as that of the request that is served. */
  readonly signal?: AbortSignal | undefined
}

/** What `ask` gets: the input and the neighbours, and no transaction. */
export interface AskContext<Subject> {
  readonly input: Subject
  readonly call: Call
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** What the `run` part of a command gets: its one transaction. */
export interface CommandContext<C extends Contract, Op, Tx> {
  readonly tx: Tx
  readonly input: InputIn<Op>
  readonly emit: Emit<C>
  readonly refuse: Op extends { readonly refuses: infer R extends Refusals } ? Refuse<R> : never
  /** The idempotency key, or `undefined` if the command has none. */
  readonly key: string | undefined
}

/** What the `run` part of a query gets: a transaction that cannot write. */
export interface QueryContext<Op, Tx> {
  readonly db: Tx
  readonly input: InputIn<Op>
  readonly refuse: Op extends { readonly refuses: infer R extends Refusals } ? Refuse<R> : never
}

/** What the `run` part of an event handler gets. */
export interface EventContext<C extends Contract, E, Tx> {
  readonly tx: Tx
  readonly event: PayloadIn<E>
  readonly emit: Emit<C>
  /** Of the event: the same on every try, and for every subscriber. */
  readonly id: string
  /**
   * The hybrid stamp of its emission, as text that sorts: what a service emits after it has consumed an
   * event bears a greater one, whatever the clocks show. Two that did not know of each other are in some
   * order, which is the same for everybody. Of an event that bears none, the stamp of its arrival.
   */
  readonly stamp: string
}

/** A handler: what it asks its neighbours first, if anything, and what it does in its transaction. */
export interface Handler<AskInput, Context, Result> {
  readonly ask: ((context: AskContext<AskInput>) => Promise<unknown>) | undefined
  readonly run: (context: Context & { readonly asked: unknown }) => Promise<Result> | Result
}

/** A handler as users write it: a function, or `after(ask, run)`. */
export type Handles<AskInput, Context, Result> =
  | ((context: Context) => Promise<Result> | Result)
  | Handler<AskInput, Context, Result>

/** What a command or query handler may return. */
export type ResultOf<Op> =
  | AnswerIn<Op>
  | (Op extends { readonly refuses: infer R extends Refusals } ? Refusal<keyof R & string> : never)

/** The handler that an operation needs. */
export type HandlerFor<C extends Contract, Op, Tx> = Op extends { readonly kind: 'command' }
  ? Handles<InputIn<Op>, CommandContext<C, Op, Tx>, ResultOf<Op>>
  : Handles<InputIn<Op>, QueryContext<Op, Tx>, ResultOf<Op>>

/** One handler for each command and query of the contract. */
export type HandlersOf<C extends Contract, Tx> = {
  readonly [K in keyof Callable<C>]: HandlerFor<C, Callable<C>[K], Tx>
}

/** A subscription: what this service does when an event of some service arrives. */
export interface Subscription<C extends Contract = Contract, Tx = unknown> {
  readonly event: Named<Event>
  readonly handler: Handler<never, never, void>
  readonly dead: 'halt' | 'skip'
  readonly acknowledged: Acknowledgement
  /** Ties the handler's types to the service around it; never present at run time. */
  readonly '~within'?: { readonly contract: C; readonly tx: Tx }
}

/**
 * Asks neighbours before the transaction. `ask` is skipped when the key was already answered, and may
 * run again after a crash: what it calls must be a query or a keyed command.
 */
export function after<Subject, Asked, Context, Result>(
  ask: (context: AskContext<Subject>) => Promise<Asked>,
  run: (context: Context & { readonly asked: Asked }) => Promise<Result> | Result,
): Handler<Subject, Context, Result> {
  // `run` is only ever called with what this `ask` returned.
  return { ask, run: run as Handler<Subject, Context, Result>['run'] }
}

/** What the subscriber wants of the edge. */
export interface SubscriptionOptions {
  /**
   * What a dead letter of this event does to the later events of its key: `halt` makes them wait until
   * an operator has decided, `skip` lets them go on without it.
   *
   * @defaultValue 'halt'
   */
  readonly dead?: 'halt' | 'skip'
  /**
   * When the outbox of the emitter lets the event go: once the `broker` keeps it, or `end-to-end`, once
   * this service has committed its effect. The latter loses nothing even where the broker does. All
   * events of one edge travel as the strictest of them. Without a broker it is always end to end.
   *
   * @defaultValue 'broker'
   */
  readonly acknowledged?: Acknowledgement
}

/** Subscribes to an event. The handler's effect is committed once per event and subscriber. */
export function when<E extends Named<Event>, C extends Contract, Tx>(
  event: E,
  handles: Handles<PayloadIn<E>, EventContext<C, E, Tx>, void>,
  { dead = 'halt', acknowledged = 'broker' }: SubscriptionOptions = {},
): Subscription<C, Tx> {
  // The payload is validated against this event's schema before the handler sees it.
  return { event, handler: withAsk(handles), dead, acknowledged }
}

function withAsk<Subject, Context, Result>(
  handles: Handles<Subject, Context, Result>,
): Handler<Subject, Context, Result> {
  return typeof handles === 'function' ? { ask: undefined, run: handles } : handles
}

/** What a service does. */
export interface ServiceOptions<C extends Contract, Tx> {
  /** The edges over which this service calls others; a call over any other edge is refused. */
  readonly uses?: readonly Edge[]
  /** How often each caller may ask. @defaultValue as often as the service can answer */
  readonly quota?: Quota
  /** The people who answer for it; the map folds the services of one team where there are too many. */
  readonly team?: string
  readonly handle: HandlersOf<C, Tx>
  readonly when?: readonly Subscription<C, Tx>[]
}

/** How often one caller may ask one instance of a service. */
export interface Quota {
  /** Requests in a second, in the long run. */
  readonly perSecond: number
  /** Requests at one moment. @defaultValue twice `perSecond` */
  readonly burst?: number
}

/** A declared service: what the host runs, the map draws and the simulation breaks. */
export interface Service {
  readonly name: string
  readonly contract: Contract
  readonly db: DatabaseDeclaration
  readonly uses: readonly Edge[]
  readonly quota?: Required<Quota>
  readonly team?: string
  readonly handlers: Readonly<Record<string, Handler<never, never, unknown>>>
  readonly subscriptions: readonly Subscription[]
}

/**
 * Declares the service that keeps the promises of `contract` with the database `db`.
 *
 * The database is an argument of its own because its type must be known before the handlers are
 * read: inside the options, `tx` could not be inferred through `after` and `when` (ADR 0014).
 *
 * @throws HF_DECLARATION_INVALID if a handler is missing or belongs to no command or query (S2).
 */
export function service<C extends Contract, Tx>(
  contract: C,
  db: DatabaseDeclaration<Tx>,
  options: ServiceOptions<C, Tx>,
): Service {
  const given: Readonly<Record<string, Handles<never, never, unknown>>> = options.handle
  refuseMismatch(contract, Object.keys(given))
  return deepFreeze({
    name: contract['~contract'].name,
    contract,
    db,
    uses: options.uses ?? [],
    ...(options.quota === undefined ? {} : { quota: quotaOf(contract, options.quota) }),
    ...(options.team === undefined ? {} : { team: options.team }),
    handlers: Object.fromEntries(
      Object.entries(given).map(([name, each]) => [name, withAsk(each)]),
    ),
    subscriptions: options.when ?? [],
  })
}

function quotaOf(contract: Contract, quota: Quota): Required<Quota> {
  const { perSecond, burst = Math.ceil(2 * perSecond) } = quota
  if (perSecond > 0 && perSecond < Infinity && Number.isInteger(burst) && burst >= 1)
    return { perSecond, burst }
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    detail: `service '${contract['~contract'].name}': a quota of ${perSecond} per second with a burst of ${burst} lets nothing through, or everything`,
  })
}

function refuseMismatch(contract: Contract, given: readonly string[]): void {
  const { name, operations } = contract['~contract']
  const wanted = Object.keys(operations).filter((each) => operations[each]?.kind !== 'event')
  const faults = [
    ...wanted.filter((each) => !given.includes(each)).map((each) => `no handler for '${each}'`),
    ...given
      .filter((each) => !wanted.includes(each))
      .map((each) => `a handler for '${each}', which cannot be called`),
  ]
  if (faults.length === 0) return
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    detail: `service '${name}': ${faults.join('; ')}`,
  })
}
