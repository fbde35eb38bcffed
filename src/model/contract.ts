/**
 * A contract: what others may rely on. A plain frozen value that both owners import.
 *
 * What the provider promises stands here: shapes, the key under which an effect happens once, the
 * business refusals, freshness. What a consumer wants (deadline, retries) stands in its edge.
 *
 * Invariants:
 *   C1. A contract imports no server code and holds no function but `key` and `upcast`, which are pure.
 *   C2. Names are unique within a contract and match /^[a-z][A-Za-z0-9]*$/; they appear in URLs,
 *       table rows and metrics.
 */
import { type Duration, durationMs } from '#clock'
import { HoldfastError } from '#errors'
import { deepFreeze } from './freeze.ts'
import { type InputOf, type OutputOf, type Schema, nothing } from './schema.ts'

/** The business refusals of a command, by name. */
export type Refusals = Readonly<Record<string, Schema>>

/** A contract in which nothing can be refused. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- no keys is what it says.
type NoRefusals = Readonly<Record<never, Schema>>

/** Where an operation is reachable over plain HTTP, beside its default `POST /contract/operation`. */
export interface HttpRoute {
  /** `'POST /orders'`, or with parameters that become fields of the input: `'GET /orders/:orderId'`. */
  readonly route: `${'GET' | 'POST' | 'PUT' | 'DELETE'} /${string}`
  /** Status of a `done` answer. @defaultValue 200 */
  readonly status?: number
}

/** How a command gets its idempotency key: from its input, or from the caller's `Idempotency-Key`. */
export type KeyRule<Input> = ((input: Input) => string) | 'from-caller'

/** A change that happens in one transaction of its owner, once per key while the key is kept. */
export interface Command<
  I extends Schema = Schema,
  O extends Schema = Schema,
  R extends Refusals = Refusals,
  Keyed extends boolean = boolean,
> {
  readonly kind: 'command'
  readonly input: I
  readonly output: O
  readonly refuses: R
  readonly keyed: Keyed
  readonly key: KeyRule<never> | undefined
  readonly http: HttpRoute | undefined
}

/** How old the answer of a query may be. Only the owner's own database answers today. */
export type Freshness = 'latest' | 'read-your-writes' | Duration

/** A question that changes nothing, so that asking twice does no harm. */
export interface Query<
  I extends Schema = Schema,
  O extends Schema = Schema,
  R extends Refusals = Refusals,
> {
  readonly kind: 'query'
  readonly input: I
  readonly output: O
  readonly refuses: R
  readonly freshness: Freshness
  readonly http: HttpRoute | undefined
}

/** A fact that happened, for whoever subscribes. */
export interface Event<P extends Schema = Schema> {
  readonly kind: 'event'
  readonly payload: P
  /** Events with one key reach each subscriber in the order in which they were committed. */
  readonly key: ((payload: never) => string) | undefined
  /** Of the payload's shape; grows with each change that an older subscriber could not read. */
  readonly version: number
  readonly upcast: Upcasters
  readonly backlog: ResolvedBacklog
}

/** How much of an event's edge may wait for a subscriber who is away, and what then. */
export interface BacklogBound {
  /** All events of the edge, dead ones too. @defaultValue 1,000,000 */
  readonly events?: number
  /** Of the oldest that could be delivered. @defaultValue no bound but that of `events` */
  readonly age?: Duration
  /**
   * `refuse` fails the transaction that emits, `shed` commits it and this subscriber misses the event.
   *
   * @defaultValue 'refuse'
   */
  readonly full?: 'refuse' | 'shed'
}

/** The bound with its defaults. */
export interface ResolvedBacklog {
  readonly eventsMax: number
  readonly ageMsMax: number
  readonly full: 'refuse' | 'shed'
}

/** For each older version that can still be read: makes of its payload one of the next version. */
export type Upcasters = Readonly<Record<number, (payload: unknown) => unknown>>

/** A command, query or event that knows its name and whose contract it belongs to. */
export type Named<Op, Name extends string = string> = Op & {
  readonly contract: string
  readonly name: Name
}

/** The operations of a contract, by name. */
export type Operations = Readonly<Record<string, Command | Query | Event>>

/** Any operation that knows its name and its contract. */
export type Operation = Named<Command | Query | Event>

/** Any contract, seen from the framework: the operations stand under one key that cannot clash. */
export interface Contract {
  readonly '~contract': {
    readonly name: string
    readonly operations: Readonly<Record<string, Operation>>
  }
}

/** A contract as its users see it: the operations by name. */
export type ContractOf<Ops extends Operations> = Contract & {
  readonly [K in keyof Ops & string]: Named<Ops[K], K>
}

interface CommandOptions<I extends Schema, O extends Schema, R extends Refusals> {
  readonly input: I
  /** @defaultValue no answer but "done" */
  readonly output?: O
  readonly refuses?: R
  readonly http?: HttpRoute
}

/** Declares a command. Without `key` a lost answer cannot be repeated, and `retry` does not compile. */
export function command<
  I extends Schema,
  O extends Schema = Schema<void>,
  R extends Refusals = NoRefusals,
>(options: CommandOptions<I, O, R> & { readonly key: KeyRule<OutputOf<I>> }): Command<I, O, R, true>
export function command<
  I extends Schema,
  O extends Schema = Schema<void>,
  R extends Refusals = NoRefusals,
>(options: CommandOptions<I, O, R>): Command<I, O, R, false>
export function command(
  options: CommandOptions<Schema, Schema, Refusals> & { readonly key?: KeyRule<never> },
): Command {
  return {
    kind: 'command',
    input: options.input,
    output: options.output ?? nothing,
    refuses: options.refuses ?? {},
    keyed: options.key !== undefined,
    key: options.key,
    http: options.http,
  }
}

/** Declares a query. */
export function query<
  I extends Schema,
  O extends Schema,
  R extends Refusals = NoRefusals,
>(options: {
  readonly input: I
  readonly output: O
  readonly refuses?: R
  /** @defaultValue 'latest' */
  readonly freshness?: Freshness
  readonly http?: HttpRoute
}): Query<I, O, R> {
  return {
    kind: 'query',
    input: options.input,
    output: options.output,
    refuses: options.refuses ?? ({} as R),
    freshness: options.freshness ?? 'latest',
    http: options.http,
  }
}

/**
 * Declares an event. With `key`, order is kept per key and subscriber; without, none is promised.
 *
 * @throws HF_DECLARATION_INVALID if the version is not 1 or more, or an upcaster does not lead to it.
 * @example
 * const placed = event({ payload: Order, version: 2, upcast: { 1: (old) => withCurrency(old) } })
 */
export function event<P extends Schema>(options: {
  readonly payload: P
  readonly key?: (payload: OutputOf<P>) => string
  /** @defaultValue 1 */
  readonly version?: number
  /** @defaultValue none: only this very version is understood */
  readonly upcast?: Upcasters
  readonly backlog?: BacklogBound
}): Event<P> {
  const { payload, key, version = 1, upcast = {}, backlog = {} } = options
  const gap = gapOf(version, upcast)
  if (gap !== undefined) throw new HoldfastError('HF_DECLARATION_INVALID', { detail: gap })
  return { kind: 'event', payload, key, version, upcast, backlog: boundOf(backlog) }
}

/** Events that may wait where nothing is declared: what a small disk holds, and hours of an outage. */
const BACKLOG_EVENTS_DEFAULT = 1_000_000

function boundOf({
  events = BACKLOG_EVENTS_DEFAULT,
  age,
  full = 'refuse',
}: BacklogBound): ResolvedBacklog {
  if (!Number.isInteger(events) || events < 1) {
    throw new HoldfastError('HF_DECLARATION_INVALID', {
      detail: `the backlog of an event is bounded by a whole number from 1, not ${events}`,
    })
  }
  return { eventsMax: events, ageMsMax: age === undefined ? Infinity : durationMs(age), full }
}

/** What is wrong with the versions: from the oldest that is read to the present, each needs a step. */
function gapOf(version: number, upcast: Upcasters): string | undefined {
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX) {
    return `the version of an event is a whole number from 1 to ${VERSION_MAX}, not ${version}`
  }
  const steps = Object.keys(upcast).map(Number)
  const oldest = Math.min(version, ...steps)
  const missing = Array.from({ length: version - oldest }, (_, index) => oldest + index).find(
    (each) => !(each in upcast),
  )
  if (missing !== undefined) return `an event of version ${version} has no upcaster for ${missing}`
  const beyond = steps.find((each) => each >= version)
  if (beyond === undefined) return undefined
  return `an event of version ${version} has an upcaster for version ${beyond}`
}

/** More changes of one event's shape than anybody should make. */
const VERSION_MAX = 1_000

const NAME = /^[a-z][A-Za-z0-9]{0,62}$/

/**
 * Declares a contract.
 *
 * @throws HF_DECLARATION_INVALID if a name cannot stand in a URL or two routes are the same.
 * @example
 * const payments = contract('payments', {
 *   authorize: command({ input: Charge, output: Receipt, key: (charge) => charge.orderId }),
 * })
 */
export function contract<Ops extends Operations>(name: string, operations: Ops): ContractOf<Ops> {
  for (const each of [name, ...Object.keys(operations)]) {
    if (!NAME.test(each)) refuse(name, `the name '${each}' must match ${NAME.source}`)
  }
  const routes = Object.values(operations).flatMap((op) =>
    op.kind === 'event' ? [] : (op.http?.route ?? []),
  )
  const twice = routes.find((route, index) => routes.indexOf(route) !== index)
  if (twice !== undefined) refuse(name, `the route '${twice}' is declared twice`)
  const named = Object.fromEntries(
    Object.entries(operations).map(([key, op]) => [key, { ...op, contract: name, name: key }]),
  )
  // Object.fromEntries forgets which key has which operation; the loop above kept it.
  return deepFreeze({
    ...named,
    '~contract': { name, operations: named },
  }) as unknown as ContractOf<Ops>
}

function refuse(name: string, detail: string): never {
  throw new HoldfastError('HF_DECLARATION_INVALID', { detail: `contract '${name}': ${detail}` })
}

/** What an operation takes, as the caller writes it. */
export type InputTo<Op> = Op extends { readonly input: infer I extends Schema } ? InputOf<I> : never
/** What an operation takes, as the handler reads it. */
export type InputIn<Op> = Op extends { readonly input: infer I extends Schema }
  ? OutputOf<I>
  : never
/** What an operation answers, as the handler writes it. */
export type AnswerIn<Op> = Op extends { readonly output: infer O extends Schema }
  ? InputOf<O>
  : never
/** What an operation answers, as the caller reads it. */
export type AnswerOf<Op> = Op extends { readonly output: infer O extends Schema }
  ? OutputOf<O>
  : never
/** The refusals of an operation as a union of `{ code, ...data }`. */
export type RefusalOf<Op> = Op extends { readonly refuses: infer R extends Refusals }
  ? {
      readonly [K in keyof R & string]: { readonly code: K; readonly data: OutputOf<R[K]> }
    }[keyof R & string]
  : never
/** What an event carries, as the emitter writes it. */
export type PayloadTo<E> = E extends { readonly payload: infer P extends Schema }
  ? InputOf<P>
  : never
/** What an event carries, as the subscriber reads it. */
export type PayloadIn<E> = E extends { readonly payload: infer P extends Schema }
  ? OutputOf<P>
  : never
/** The operations of a contract that are commands, queries or events. */
export type OfKind<C extends Contract, Kind extends string> = {
  [K in keyof C & string as C[K] extends { readonly kind: Kind } ? K : never]: C[K]
}
