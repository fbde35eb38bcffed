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
import { type Duration, durationMs } from '#clock'
import { HoldfastError } from '#errors'
import type { AnswerIn, Command, Contract, OfKind, Query } from './contract.ts'
import { deepFreeze } from './freeze.ts'

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
  /** Tightens the edge's deadline for this operation. */
  readonly deadline?: Duration
  /** A valid answer to give when the call ended `unsent` or `unknown`; marked as degraded. */
  readonly fallback?: AnswerIn<Op>
}

/** What may be declared for one operation. */
export type OperationPolicy<Op> = Common<Op> &
  (Op extends { readonly kind: 'query' }
    ? {
        readonly retry?: Attempts
        readonly hedge?: Duration
        readonly cache?: { readonly fresh: Duration }
      }
    : Op extends { readonly kind: 'command'; readonly keyed: infer Keyed }
      ? {
          readonly retry?: Keyed extends true ? Attempts : RetryNeedsAKey
          readonly hedge?: HedgeNeedsAQuery
          readonly cache?: CacheNeedsAQuery
        }
      : never)

/** The commands and queries of a contract: what can be called. */
export type Callable<C extends Contract> = OfKind<C, 'command' | 'query'>

/** What the consumer wants of each call over the edge. */
export interface EdgeOptions<C extends Contract> {
  /** The longest that a call may take, all attempts included; or what is left of the caller's, if less. */
  readonly deadline: Duration
  readonly ops?: { readonly [K in keyof Callable<C>]?: OperationPolicy<Callable<C>[K]> }
}

/** The resolved behaviour of one operation over one edge. Every number is in the unit of its name. */
export interface ResolvedPolicy {
  readonly deadlineMs: number
  readonly attemptsMax: number
  readonly fallback: { readonly value: unknown } | undefined
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
} & { readonly '~edge': { readonly target: string; readonly contract: Contract } }

/** Attempts of a query and of a keyed command where nothing is declared. */
const ATTEMPTS_DEFAULT = 3

/**
 * Declares an edge to the provider of `contract`.
 *
 * @throws HF_DECLARATION_INVALID if a duration is not one, an operation is not in the contract, or an
 *   option cannot be enforced by this version.
 * @example
 * const pay = edge(payments, { deadline: '3s', ops: { authorize: { retry: 3 } } })
 */
export function edge<C extends Contract>(contract: C, options: EdgeOptions<C>): Edge<C> {
  const { name, operations } = contract['~contract']
  // What the compiler let through for its operation is a subset of what a query may declare.
  const declared = (options.ops ?? {}) as Readonly<Record<string, OperationPolicy<Query>>>
  for (const each of Object.keys(declared)) {
    if (!(each in operations)) refuse(name, `the contract has no operation '${each}'`)
  }
  const callable = Object.keys(operations).flatMap((key) => {
    const operation = operations[key]
    if (operation === undefined || operation.kind === 'event') return []
    const policy = resolve(name, operation, durationMs(options.deadline), declared[key] ?? {})
    return [[key, { target: name, operation, policy }]]
  })
  // Object.fromEntries forgets which key has which operation; the loop above kept it.
  return deepFreeze({
    ...Object.fromEntries(callable),
    '~edge': { target: name, contract },
  }) as Edge<C>
}

function resolve(
  target: string,
  operation: (Command | Query) & { readonly name: string },
  edgeDeadlineMs: number,
  declared: OperationPolicy<Query>,
): ResolvedPolicy {
  for (const option of ['hedge', 'cache', 'breaker'] as const) {
    if (option in declared)
      refuse(target, `'${option}' of ${operation.name} cannot be enforced yet`)
  }
  const repeatable = operation.kind === 'query' || operation.keyed
  return {
    deadlineMs: Math.min(
      edgeDeadlineMs,
      declared.deadline ? durationMs(declared.deadline) : Infinity,
    ),
    attemptsMax: declared.retry ?? (repeatable ? ATTEMPTS_DEFAULT : 1),
    fallback: 'fallback' in declared ? { value: declared.fallback } : undefined,
  }
}

function refuse(target: string, detail: string): never {
  throw new HoldfastError('HF_DECLARATION_INVALID', { detail: `edge to '${target}': ${detail}` })
}
