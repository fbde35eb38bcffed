/**
 * An edge around functions of your own: the policies of an arrow, in any program, without a server.
 *
 * Promise: a call of a wrapped function passes the same list as a call to a service, in the same order,
 * up to the endpoint. The function stands where the wire would: it may ask a driver, an SDK or `fetch`.
 *
 * Invariants:
 *   F1. No stage is added, moved or rewritten: `outgoing`, less what only the wire needs.
 *   F2. All functions of one edge share its budget and its bulkhead, as its operations do.
 *   F3. What cannot be enforced around a function is refused: it has no second endpoint to hedge to.
 */
import { assert, HoldfastError } from '#errors'
import type {
  AnswerOf,
  Callable,
  CallOptions,
  Contract,
  Edge,
  EdgeOperation,
  InputIn,
  InputTo,
  Outcome,
  Refuse,
  Refusals,
  ResultOf,
} from '#model'
import type { Observe } from '#observe'
import type { Network, World } from '#world'
import type { Caller, Stage } from './arrow.ts'
import { callsOf } from './caller.ts'
import { outgoing } from './outgoing.ts'
import { perform, type Performed } from './perform.ts'
import type { Thrown } from './status.ts'
import { walkThrough } from './walk.ts'

/** What a wrapped function gets beside its input. */
export interface AttemptContext<Op> {
  /** Aborts when the attempt is given up or nobody waits any more. Hand it on. */
  readonly signal: AbortSignal
  /** The same for all attempts of a call: hand it on to whoever understands such keys. */
  readonly key: Op extends { readonly keyed: true } ? string : undefined
  /** 1 for the first. */
  readonly attempt: number
  /** What is left for this attempt, in whole ms. */
  readonly remainingMs: number
  readonly refuse: Op extends { readonly refuses: infer R extends Refusals } ? Refuse<R> : never
}

/** A function that does what an operation says. */
export type FunctionFor<Op> = (
  input: InputIn<Op>,
  context: AttemptContext<Op>,
) => Promise<ResultOf<Op>> | ResultOf<Op>

/** Functions for the operations of a contract; those that are absent are not wrapped. */
export type FunctionsOf<C extends Contract> = {
  readonly [K in keyof Callable<C>]?: FunctionFor<Callable<C>[K]>
}

/** A function with its policies around it. */
export interface WrappedFunction<Op> {
  /** @throws HoldfastError where it failed, Refused where it was refused. */
  (input: InputTo<Op>, options?: CallOptions): Promise<AnswerOf<Op>>
  /** The same, with the four outcomes as a value. */
  outcome(input: InputTo<Op>, options?: CallOptions): Promise<Outcome<Op>>
}

/** The functions by the names of their operations. */
export type Wrapped<C extends Contract, Names> = {
  readonly [K in keyof Callable<C> as K extends Names ? K : never]: WrappedFunction<Callable<C>[K]>
}

/** How functions are wrapped. */
export interface WrapOptions {
  readonly world: Pick<World, 'clock' | 'timers' | 'random'>
  /** @defaultValue nobody listens */
  readonly observe?: Observe
  /** How the program calls itself in facts and errors. @defaultValue 'anonymous' */
  readonly name?: string
  /**
   * What an error means that a function threw; `undefined` leaves it to the rule of the default.
   *
   * @defaultValue it may have happened, unless it is a HoldfastError that says otherwise
   */
  readonly meaningOf?: (error: unknown) => Thrown | undefined
}

/** What only the wire needs: the function brings its own way to the callee. */
const OF_THE_WIRE: readonly string[] = ['endpoint', 'headers', 'transport', 'answer']

/** The stages of a call of a function. */
export function stagesAround(performed: Performed): readonly Stage[] {
  return [
    ...outgoing.filter(({ name }) => !OF_THE_WIRE.includes(name)),
    {
      name: 'function',
      why: 'in the place of the wire, so that none of the policies above is skipped',
      stage: (arrow) => perform(arrow, performed),
    },
  ]
}

/**
 * Puts the policies of an edge around functions of your own.
 *
 * @throws HF_DECLARATION_INVALID if a function belongs to no operation, or its operation hedges.
 * @example
 * const stripe = wrapped(pay, { charge: (order, { key, signal }) => ask(order, key, signal) }, { world })
 * const receipt = await stripe.charge({ orderId: 'o1', cents: 500 })
 */
export function wrapped<C extends Contract, F extends FunctionsOf<C>>(
  edge: Edge<C>,
  functions: F,
  { world, observe = () => undefined, name = 'anonymous', meaningOf }: WrapOptions,
): Wrapped<C, keyof F> {
  const byName: Readonly<Record<string, unknown>> = functions
  const calls = callsOf(callerOf(name, world, observe), (arrow) => {
    const { name: operation } = arrow.reference.operation
    // It takes what this operation's schema gives; the types of this signature say so.
    const run = byName[operation] as Performed['run']
    return walkThrough(stagesAround({ run, meaningOf: meaningOf ?? silent }), arrow)
  })
  const call = calls.within(undefined)
  const one = (operation: string): object => {
    const reference = referenceIn(edge, operation)
    const plain = async (input: never, options?: CallOptions): Promise<unknown> =>
      call(reference, input, options)
    const outcome = async (input: never, options?: CallOptions): Promise<unknown> =>
      call.outcome(reference, input, options)
    return Object.assign(plain, { outcome })
  }
  const all = Object.keys(functions).map((operation) => [operation, one(operation)] as const)
  // Object.fromEntries forgets which function has which name; the line above kept it.
  return Object.freeze(Object.fromEntries(all)) as Wrapped<C, keyof F>
}

function callerOf(name: string, world: WrapOptions['world'], observe: Observe): Caller {
  return {
    name,
    world: { ...world, network },
    resolve: notOnTheWire,
    observe,
    declares: () => true,
    isForeign: () => true,
  }
}

const network: Network = { send: notOnTheWire, listen: notOnTheWire }

function notOnTheWire(): never {
  assert(false, 'F1: no stage of a wrapped function asks for an endpoint or the network')
}

function referenceIn(edge: Edge, operation: string): EdgeOperation {
  const { target } = edge['~edge']
  const references: Readonly<Record<string, unknown>> = edge
  const found = operation === '~edge' ? undefined : references[operation]
  // Beside its own description an edge holds one reference for each callable operation.
  const reference = found as EdgeOperation | undefined
  if (reference === undefined) refuse(target, `the contract has no operation '${operation}'`)
  if (reference.policy.hedge !== undefined)
    refuse(target, `'${operation}' hedges, and a function has no second endpoint to ask`)
  return reference
}

function refuse(target: string, detail: string): never {
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    detail: `functions of '${target}': ${detail}`,
  })
}

function silent(): undefined {
  return undefined
}
