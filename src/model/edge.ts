/**
 * An edge: the arrow from a consumer to a provider, as a value that owns its behaviour.
 *
 * The consumer declares what it wants; the contract's types decide what is legal. What would repeat
 * an effect, or answer with something the contract does not know, does not compile, and the name of
 * the type in the error message is the rule that was broken.
 *
 * Invariants:
 *   G1. There is no edge without a deadline.
 *   G2. Only a query or a keyed command is tried more than once.
 *   G3. What is accepted here is enforced: an option that this version cannot enforce is refused.
 */
import type { Duration } from '#clock'
import type { Transport } from '#world'
import type { AnswerIn, Command, Contract, OfKind, Query } from './contract.ts'
import { deepFreeze } from './freeze.ts'
import {
  type BreakerOption,
  type CacheOption,
  type Concurrency,
  type Criticality,
  edgePolicy,
  type OperationDeclaration,
  operationPolicy,
  refuse,
  type ResolvedPolicy,
} from './policy.ts'
import { placeOfCaller } from './place.ts'
import type { Preset, TimedPreset } from './preset.ts'

/** `retry` would repeat the effect: give the command a `key` in its contract. */
export interface RetryNeedsAKey {
  readonly '~rule': 'RetryNeedsAKey'
}
/** `hedge` sends twice on purpose: only a query may be asked twice at once. */
export interface HedgeNeedsAQuery {
  readonly '~rule': 'HedgeNeedsAQuery'
}
/** `cache` would answer without acting: only a query has answers that can be kept. */
export interface CacheNeedsAQuery {
  readonly '~rule': 'CacheNeedsAQuery'
}

/** Attempts in all, the first included; 1 means never again. */
export type Attempts = 1 | 2 | 3 | 4 | 5

interface Common<Op> {
  /**
   * Tightens the edge's deadline for this operation.
   *
   * @example
   * edge(payments, { deadline: '3s', ops: { authorize: { deadline: '800ms' } } })
   * // orders ==authorize==> payments 800 ms over 3 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId
   */
  readonly deadline?: Duration
  /**
   * A valid answer to give when the call ended `unsent` or `unknown`; marked as degraded.
   *
   * @example
   * edge(payments, { deadline: '3s', ops: { balance: { fallback: { cents: 0 } } } })
   * // orders ==balance==> payments 3 s over 3 attempts (2 if each is waited for); asks only;
   * //   a declared value if it fails
   */
  readonly fallback?: AnswerIn<Op>
  /**
   * While most calls fail, the rest is refused at once; `false`: every call is sent.
   * @defaultValue true: half of at least 20 results of the last ten seconds
   * @example
   * edge(payments, { deadline: '3s', ops: { authorize: { breaker: { failures: 0.3, open: '5s' } } } })
   * // orders ==authorize==> payments 3 s over 3 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId; refused for 5 s once 30 % of 20 failed
   */
  readonly breaker?: boolean | BreakerOption
}

/** What may be declared for one operation. */
export type OperationPolicy<Op> = Common<Op> &
  (Op extends { readonly kind: 'query' }
    ? {
        readonly retry?: Attempts
        /**
         * Asks a second endpoint after this time, or, if `true`, when the answer is later than 95 % of
         * the recent ones. At most 5 % of the calls, and none while there is only one endpoint.
         *
         * @example
         * edge(payments, { deadline: '3s', ops: { balance: { hedge: '80ms' } } })
         * // orders ==balance==> payments 3 s over 3 attempts (2 if each is waited for); asks only;
         * //   asked twice after 80 ms
         */
        readonly hedge?: true | Duration
        /**
         * Uses an answer again. Callers who ask the same at once are one question.
         *
         * @defaultValue off
         * @example
         * edge(payments, { deadline: '3s', ops: { balance: { cache: { fresh: '1s' } } } })
         * // orders ==balance==> payments 3 s over 3 attempts (2 if each is waited for); asks only;
         * //   an answer is fresh for 1 s
         */
        readonly cache?: CacheOption
      }
    : Op extends { readonly kind: 'command'; readonly keyed: infer Keyed }
      ? {
          /**
           * Attempts in all, under one key.
           *
           * @defaultValue 3 with a key, 1 without
           * @example
           * edge(payments, { deadline: '3s', ops: { authorize: { retry: 2 } } })
           * // orders ==authorize==> payments 3 s over 2 attempts; may be UNKNOWN;
           * //   repeated under the same orderId
           */
          readonly retry?: Keyed extends true ? Attempts : RetryNeedsAKey
          readonly hedge?: HedgeNeedsAQuery
          readonly cache?: CacheNeedsAQuery
        }
      : never)

/** The commands and queries of a contract: what can be called. */
export type Callable<C extends Contract> = OfKind<C, 'command' | 'query'>

/** What the consumer wants of each call over the edge, its deadline included (G1). */
export type EdgeOptions<C extends Contract> = EdgeWishes<C> & { readonly deadline: Duration }

/** All that can be wanted. */
export interface EdgeWishes<C extends Contract> {
  /**
   * The longest that a call may take, all attempts included; or what is left of the caller's, if less.
   *
   * @example
   * edge(payments, { deadline: '3s' })
   * // orders ==authorize==> payments 3 s over 3 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId
   */
  readonly deadline?: Duration
  /**
   * What most edges of a kind want, as one word; what is declared beside it wins. `interactive`: 1 s,
   * critical. `background`: 10 s, sheddable, 5 attempts where legal. `once`: one attempt.
   *
   * @defaultValue none
   * @example
   * edge(payments, { preset: 'background' })
   * // orders ==authorize==> payments 10 s over 5 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId; claims at most 'sheddable'
   */
  readonly preset?: Preset
  /**
   * Calls of this edge under way at once, in one process.
   *
   * @defaultValue 64, and 192 that wait; 16 that wait where you set a limit
   * @example
   * edge(payments, { deadline: '3s', concurrency: 8 })
   * // orders ==authorize==> payments 3 s over 3 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId; 8 at once, 16 wait
   */
  readonly concurrency?: number | Concurrency
  /**
   * The highest criticality that calls claim.
   *
   * @defaultValue what the caller's own caller claimed, or 'critical'
   * @example
   * edge(payments, { deadline: '3s', criticality: 'sheddable' })
   * // orders ==authorize==> payments 3 s over 3 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId; claims at most 'sheddable'
   */
  readonly criticality?: Criticality
  /**
   * What carries the calls. A session is one connection for many calls at once; where the callee does
   * not agree to one, and to foreign services, it is HTTP all the same.
   *
   * @defaultValue 'session'
   * @example
   * edge(payments, { deadline: '3s', transport: 'http' })
   * // orders ==authorize==> payments 3 s over 3 attempts (2 if each is waited for);
   * //   may be UNKNOWN; repeated under the same orderId; over HTTP; over http
   */
  readonly transport?: Transport
  readonly ops?: { readonly [K in keyof Callable<C>]?: OperationPolicy<Callable<C>[K]> }
}

/** One operation of an edge: the reference that `call` takes. */
export interface EdgeOperation<Op = Command | Query> {
  readonly target: string
  readonly operation: Op & { readonly name: string }
  readonly policy: ResolvedPolicy
}

/** The edge: its operations by name, and itself under a key that cannot clash with them. */
export type Edge<C extends Contract = Contract> = {
  readonly [K in keyof Callable<C>]: EdgeOperation<Callable<C>[K]>
} & {
  readonly '~edge': {
    readonly target: string
    readonly contract: Contract
    readonly at: string | undefined
  }
}

/** What can be said at all; everything else is refused, so that nothing is believed in vain (G3). */
const EDGE_OPTIONS: readonly string[] = [
  'deadline',
  'preset',
  'concurrency',
  'criticality',
  'transport',
  'ops',
]
const OPERATION_OPTIONS: readonly string[] = ['deadline', 'retry', 'fallback', 'breaker']
const QUERY_OPTIONS: readonly string[] = [...OPERATION_OPTIONS, 'hedge', 'cache']

/**
 * Declares an edge to the provider of `contract`.
 *
 * @throws HF_DECLARATION_INVALID if a duration is not one, a number is out of bounds, an operation is
 *   not in the contract, or an option is unknown or illegal for its operation.
 * @example
 * const pay = edge(payments, { deadline: '3s', ops: { authorize: { retry: 3 } } })
 */
export function edge<C extends Contract>(
  contract: C,
  options: EdgeWishes<C> & { readonly preset: TimedPreset },
): Edge<C>
// Last, because the compiler explains the last one: the word that is missing is `deadline`.
export function edge<C extends Contract>(contract: C, options: EdgeOptions<C>): Edge<C>
export function edge<C extends Contract>(contract: C, options: EdgeWishes<C>): Edge<C> {
  const { name, operations } = contract['~contract']
  // What the compiler let through for its operation is a subset of what can be declared.
  const declared = (options.ops ?? {}) as Readonly<Record<string, OperationDeclaration>>
  refuseUnknown(name, options, EDGE_OPTIONS)
  for (const each of Object.keys(declared)) {
    if (!(each in operations)) refuse(name, `the contract has no operation '${each}'`)
  }
  const shared = edgePolicy(name, options)
  const callable = Object.keys(operations).flatMap((key) => {
    const operation = operations[key]
    if (operation === undefined || operation.kind === 'event') return []
    const own = declared[key] ?? {}
    refuseUnknown(
      `${name}.${key}`,
      own,
      operation.kind === 'query' ? QUERY_OPTIONS : OPERATION_OPTIONS,
    )
    return [[key, { target: name, operation, policy: operationPolicy(operation, shared, own) }]]
  })
  // Object.fromEntries forgets which key has which operation; the loop above kept it.
  return deepFreeze({
    ...Object.fromEntries(callable),
    '~edge': { target: name, contract, at: placeOfCaller() },
  }) as Edge<C>
}

function refuseUnknown(where: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((each) => !known.includes(each))
  if (unknown !== undefined)
    refuse(where, `'${unknown}' cannot be enforced here; what can is ${known.join(', ')}`)
}
