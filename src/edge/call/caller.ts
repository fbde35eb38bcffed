/**
 * `call`: what a handler, or any program, holds to use an edge.
 */
import {
  type AnswerOf,
  type Call,
  type CallOptions,
  type EdgeOperation,
  type EdgePolicy,
  type HedgePolicy,
  type InputTo,
  type Outcome,
  Refused,
} from '#model'
import type { Observe } from '#observe'
import { Breaker, Hedge, type HedgeOptions } from '#policy'
import type { World } from '#world'
import type { Site } from '../site.ts'
import type { Arrow, Caller, Ending, Next, Resolve } from './arrow.ts'
import { begin, type Intention } from './intent.ts'
import { Neighbour } from './neighbour.ts'
import { compile as compileOutgoing } from './outgoing.ts'

/** Calls over the edges that the service of `site` declares in `uses`; over others HF_CALL_UNDECLARED. */
export function caller(site: Site): Call {
  return calls(site).within(undefined)
}

/**
 * Calls over any edge, in any program, without a service around it.
 *
 * @example
 * const call = standaloneCaller({ world, resolve: () => 'http://payments:8080' })
 * const receipt = await call(pay.authorize, { orderId: 'o1', cents: 500 })
 */
export function standaloneCaller(options: {
  readonly world: World
  /** The origin of a callee, or those of its instances. */
  readonly resolve: Resolve
  /** Hears of a callee that could not be reached. @defaultValue nobody listens */
  readonly unreachable?: (target: string) => void
  /** @defaultValue nobody listens */
  readonly observe?: Observe
  /** How the program calls itself towards the callee. @defaultValue 'anonymous' */
  readonly name?: string
  /** Callees that are not Holdfast services: they are called by the routes of their contracts. @defaultValue none */
  readonly foreign?: readonly string[]
}): Call {
  const { world, resolve, observe = () => undefined, name = 'anonymous', foreign = [] } = options
  const isForeign = (target: string): boolean => foreign.includes(target)
  const told = options.unreachable === undefined ? {} : { unreachable: options.unreachable }
  return callsOf({
    name,
    world,
    resolve,
    ...told,
    observe,
    declares: () => true,
    isForeign,
  }).within(undefined)
}

/** Who wants to know about the calls of one piece of work. */
export interface CallListener {
  /** Runs before a command is called. */
  readonly onCommand: () => void
  /** Runs when a call was answered with less than its callee would have said. */
  readonly onDegraded: () => void
}

/** The calls of one caller: its arrows are compiled once, whoever asks. */
export interface Calls {
  /** A `call` that gives up when `signal` aborts. */
  within(signal: AbortSignal | undefined, listener?: CallListener): Call
}

/** The calls of a service. */
export function calls({ service, system, world, resolve, unreachable, observe }: Site): Calls {
  const declared = new Set(service.uses.flatMap((edge) => Object.values<unknown>(edge)))
  const declares = (reference: EdgeOperation): boolean => declared.has(reference)
  const isForeign = (target: string): boolean => system.foreign.some(({ name }) => name === target)
  const told = unreachable === undefined ? {} : { unreachable }
  return callsOf({ name: service.name, world, resolve, ...told, observe, declares, isForeign })
}

/** The calls of anybody; `compile` makes the way of each arrow, the whole list if nothing else is said. */
export function callsOf(who: Caller, compile: (arrow: Arrow) => Next = compileOutgoing): Calls {
  // References are frozen values of edges, so there are as many as the program declares.
  const pipelines = new WeakMap<EdgeOperation, Pipeline>()
  const neighbours = new WeakMap<EdgePolicy, Neighbour>()
  const neighbourOf = (policy: EdgePolicy): Neighbour => {
    const neighbour = neighbours.get(policy) ?? new Neighbour(policy, who.world.clock)
    neighbours.set(policy, neighbour)
    return neighbour
  }
  const pipelineOf = (reference: EdgeOperation): Pipeline => {
    const pipeline =
      pipelines.get(reference) ??
      compiled(compile, arrowOf(who, reference, neighbourOf(reference.policy.edge)))
    pipelines.set(reference, pipeline)
    return pipeline
  }
  return { within: (signal, listener) => callThrough(pipelineOf, signal, listener) }
}

type Pipeline = (intention: Intention) => Promise<Ending>

function compiled(compile: (arrow: Arrow) => Next, arrow: Arrow): Pipeline {
  const first = compile(arrow)
  return (intention) => first(begin(arrow, intention))
}

/** The arrow of one operation: what is made once, whoever asks. */
export function arrowOf(who: Caller, reference: EdgeOperation, neighbour: Neighbour): Arrow {
  const { target, operation, policy } = reference
  const { breaker, hedge } = policy
  const { random } = who.world
  return {
    caller: who,
    reference,
    name: `${who.name}>${target}.${operation.name}`,
    isRepeatable: operation.kind === 'query' || operation.keyed,
    draw: () => random.float(),
    neighbour,
    breaker: breaker === undefined ? undefined : new Breaker(breaker),
    hedge: hedge === undefined ? undefined : new Hedge(hedgeOptions(hedge)),
  }
}

function hedgeOptions({ delayMs, shareMax, burst }: HedgePolicy): HedgeOptions {
  return { shareMax, burst, ...(delayMs === undefined ? {} : { delayMs }) }
}

function callThrough(
  pipelineOf: (reference: EdgeOperation) => Pipeline,
  signal: AbortSignal | undefined,
  listener?: CallListener,
): Call {
  const run = async (
    anyReference: EdgeOperation<unknown>,
    input: unknown,
    options: CallOptions = {},
  ): Promise<Ending> => {
    // Only `edge` makes references, and only for commands and queries.
    const reference = anyReference as EdgeOperation
    if (reference.operation.kind === 'command') listener?.onCommand()
    const ending = await pipelineOf(reference)({
      input,
      options,
      signal: either(signal, options.signal),
    })
    if (ending.kind === 'done' && ending.degraded) listener?.onDegraded()
    return ending
  }
  const call = async <Op>(
    reference: EdgeOperation<Op>,
    input: InputTo<Op>,
    options?: CallOptions,
  ): Promise<AnswerOf<Op>> => {
    const ending = await run(reference, input, options)
    // The value passed the operation's own output schema.
    if (ending.kind === 'done') return ending.value as AnswerOf<Op>
    if (ending.kind !== 'refused') throw ending.error
    const edge = `${reference.target}.${reference.operation.name}`
    throw new Refused(edge, ending.refusal.code, ending.refusal.data)
  }
  const outcome = async <Op>(
    reference: EdgeOperation<Op>,
    input: InputTo<Op>,
    options?: CallOptions,
  ): Promise<Outcome<Op>> => {
    const ending = await run(reference, input, options)
    // Value and refusal passed the operation's own schemas.
    return outcomeOf(ending) as Outcome<Op>
  }
  return Object.assign(call, { outcome })
}

/** Aborts with the first of both. */
function either(one?: AbortSignal, other?: AbortSignal): AbortSignal | undefined {
  return one === undefined || other === undefined ? (one ?? other) : AbortSignal.any([one, other])
}

/** What the caller is told of an ending; what the scheduler knows beyond it stays inside. */
function outcomeOf(ending: Ending): unknown {
  if ('error' in ending) return { kind: ending.kind, error: ending.error }
  const { attempts: _, ...outcome } = ending
  return outcome
}
