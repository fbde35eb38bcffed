/**
 * The words of the outgoing pipeline: an arrow, one call over it, and how the call ended.
 */
import type { Deadline } from '#clock'
import { type Code, type Facts, HoldfastError } from '#errors'
import type { CallOptions, Criticality, EdgeOperation } from '#model'
import type { Observe, Trace } from '#observe'
import type { Breaker, BreakerPermit, Draw, Endpoint, Hedge, OutcomeClass } from '#policy'
import type { WireResponse, World } from '#world'
import type { Written } from './exchange.ts'
import type { Neighbour } from './neighbour.ts'
import { classOf } from './outcome-class.ts'

/** Where a callee is: the origin (`http://host:port`) of its one instance, or of each. */
export type Resolve = (target: string) => string | readonly string[]

/** Who calls: a service, or any program that uses an edge on its own. */
export interface Caller {
  readonly name: string
  readonly world: World
  /** @throws HF_CALL_NOT_SENT if the callee is unknown. */
  readonly resolve: Resolve
  /** Hears of a callee that could not be reached. */
  readonly unreachable?: (target: string) => void
  readonly observe: Observe
  /** True if the caller may use this operation of this edge. */
  readonly declares: (reference: EdgeOperation) => boolean
  /** True if the callee is not ours, so that only its own routes reach it. */
  readonly isForeign: (target: string) => boolean
}

/** One operation over one edge, as one caller uses it: made once, and kept between calls. */
export interface Arrow {
  readonly caller: Caller
  readonly reference: EdgeOperation
  /** `orders>payments.authorize`. */
  readonly name: string
  /** True if the contract makes a second attempt harmless: a query, or a command with a key. */
  readonly isRepeatable: boolean
  readonly draw: Draw
  /** What all operations of the edge share: budget, bulkhead, endpoints. */
  readonly neighbour: Neighbour
  readonly breaker: Breaker | undefined
  readonly hedge: Hedge | undefined
}

/**
 * One call on its way. Each stage writes down what it found out, and what it must give back; an attempt
 * after the first has a copy of its own.
 */
export interface Outgoing {
  readonly input: unknown
  readonly options: CallOptions
  /** Aborts when nobody waits for this any more: the caller's own caller left, or another attempt won. */
  readonly signal: AbortSignal | undefined
  readonly callId: string
  readonly trace: Trace
  readonly beganMs: number
  readonly deadline: Deadline
  readonly criticality: Criticality
  /** The origins that this call was sent to. The one list that all attempts of a call write to. */
  readonly tried: string[]
  /** The input as the schema reads it; the key is derived from this. */
  validated: unknown
  key: string | undefined
  /** 1 for the first; 0 before any. */
  attempt: number
  attemptBeganMs: number
  /** When this attempt is given up; what is left of it is what the callee is told. */
  attemptDeadline: Deadline
  attemptMs: number
  /** What the circuit gave, to be given back. */
  permit: BreakerPermit | undefined
  /** Where this attempt goes, if there was a choice. */
  endpoint: Endpoint | undefined
  endpointBeganMs: number
  origin: string
  request: Written | undefined
  response: WireResponse | undefined
  /** Work on this side that goes on after the attempt was given up. It keeps its slot, and never rejects. */
  running: Promise<void> | undefined
}

/** The end of a call or an attempt without an answer. */
export interface Failed {
  readonly kind: 'unsent' | 'unknown'
  readonly error: HoldfastError
  readonly attempts: number
  /** What the failure means to those who decide about the next attempt. */
  readonly class: OutcomeClass
}

/** How a call ended, before its types are known again. */
export type Ending =
  | {
      readonly kind: 'done'
      readonly value: unknown
      readonly degraded: boolean
      readonly attempts: number
    }
  | {
      readonly kind: 'refused'
      readonly refusal: { readonly code: string; readonly data: unknown }
      readonly attempts: number
    }
  | Failed

/** The rest of the way. */
export type Next = (call: Outgoing) => Promise<Ending>

/** On the way out: `undefined` lets the call pass, an ending turns it round here. */
export type Out = (call: Outgoing) => Ending | undefined | Promise<Ending | undefined>

/**
 * On the way back, for each call that `out` let pass: what was taken is given back. An ending replaces
 * the one that came from below, which is `undefined` where a bug was thrown there.
 */
export type Back = (call: Outgoing, ending: Ending | undefined, nowMs: number) => Ending | void

/** What a stage does with each call over one arrow. */
export type Step =
  | { readonly out?: Out; readonly back?: Back }
  /** For what asks the rest of the way more than once, or not in this call. */
  | { readonly around: (next: Next) => Next }

/** One place in the list. `why` says what breaks if it stood elsewhere. */
export interface Stage {
  readonly name: string
  readonly why: string
  /** `undefined` where this arrow has no use for the stage. */
  readonly stage: (arrow: Arrow) => Step | undefined
}

/** What `failed` may be told beyond the facts of the error. */
interface FailedFacts extends Facts {
  /** @defaultValue what the code and the effect say */
  readonly class?: OutcomeClass
}

/** The ending of a call that failed: its effect decides between `unsent` and `unknown`. */
export function failed(
  arrow: Arrow,
  call: Outgoing,
  code: Code,
  { class: given, ...facts }: FailedFacts,
): Failed {
  const error = new HoldfastError(code, { ...facts, edge: arrow.name })
  return {
    kind: error.effect === 'none' ? 'unsent' : 'unknown',
    error,
    attempts: call.attempt,
    class: given ?? classOf(error.code, error.effect),
  }
}

/** The same for an error that was thrown: its code and effect stay, the edge is added. */
export function failedBy(
  arrow: Arrow,
  call: Outgoing,
  error: HoldfastError,
  more: Partial<FailedFacts> = {},
): Failed {
  const { code, detail, effect, fix, retryAfterMs, advice, particulars } = error
  return failed(arrow, call, code, {
    detail,
    effect,
    fix,
    advice,
    particulars,
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...more,
  })
}

/** The class of any ending. */
export function classOfEnding(ending: Ending): OutcomeClass {
  return ending.kind === 'done' || ending.kind === 'refused' ? ending.kind : ending.class
}
