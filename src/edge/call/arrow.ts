/**
 * The words of the outgoing pipeline: an arrow, one call over it, and how the call ended.
 */
import type { Deadline } from '#clock'
import { assert, type Code, type Effect, type Facts, HoldfastError } from '#errors'
import type { CallOptions, EdgeOperation } from '#model'
import type { Observe, Trace } from '#observe'
import type { OutgoingRequest, WireResponse, World } from '#world'

/** Who calls: a service, or any program that uses an edge on its own. */
export interface Caller {
  readonly name: string
  readonly world: World
  /** The origin of a callee. @throws HF_CALL_NOT_SENT if it is unknown. */
  readonly resolve: (target: string) => string
  readonly observe: Observe
  /** True if the caller may use this operation of this edge. */
  readonly declares: (reference: EdgeOperation) => boolean
  /** True if the callee is not ours, so that only its own routes reach it. */
  readonly isForeign: (target: string) => boolean
}

/** One operation over one edge, as one caller uses it. */
export interface Arrow {
  readonly caller: Caller
  readonly reference: EdgeOperation
  /** `orders>payments.authorize`. */
  readonly name: string
  /** True if the contract makes a second attempt harmless: a query, or a command with a key. */
  readonly isRepeatable: boolean
}

/** One call on its way; each stage hands a narrower copy to the next. */
export interface Outgoing {
  readonly input: unknown
  readonly options: CallOptions
  /** Aborts when the caller's own caller went away. */
  readonly signal: AbortSignal | undefined
  readonly callId: string
  readonly trace: Trace
  readonly deadline: Deadline
  /** The input as the schema reads it; the key is derived from this. */
  readonly validated: unknown
  readonly key: string | undefined
  /** 1 for the first; 0 before any. */
  readonly attempt: number
  readonly attemptMs: number
  readonly request: Omit<OutgoingRequest, 'signal'> | undefined
  readonly response: WireResponse | undefined
}

/** How a call ended, before its types are known again. */
export type Ending = { readonly attempts: number } & (
  | { readonly kind: 'done'; readonly value: unknown; readonly degraded: boolean }
  | {
      readonly kind: 'refused'
      readonly refusal: { readonly code: string; readonly data: unknown }
    }
  | { readonly kind: 'unsent' | 'unknown'; readonly error: HoldfastError }
)

/** The rest of the way. */
export type Next = (call: Outgoing) => Promise<Ending>

/** One place in the list. `why` says what breaks if it stood elsewhere. */
export interface Stage {
  readonly name: string
  readonly why: string
  readonly stage: (next: Next, arrow: Arrow) => Next
}

/** Composes stages so that the first is outermost. */
export function reduceStages(stages: readonly Stage[], arrow: Arrow): Next {
  return stages.reduceRight<Next>((next, { stage }) => stage(next, arrow), pastTheEnd)
}

function pastTheEnd(): Promise<never> {
  assert(false, 'the last stage of a call ends it')
}

/** The ending of a call that failed: its effect decides between `unsent` and `unknown`. */
export function failed(arrow: Arrow, call: Outgoing, code: Code, facts: Facts): Ending {
  const error = new HoldfastError(code, { ...facts, edge: arrow.name })
  return {
    kind: error.effect === 'none' ? 'unsent' : 'unknown',
    error,
    attempts: call.attempt,
  }
}

/** The same for an error that was thrown: its code and effect stay, the edge is added. */
export function failedBy(
  arrow: Arrow,
  call: Outgoing,
  error: HoldfastError,
  effect: Effect = error.effect,
): Ending {
  const { code, detail, fix, retryAfterMs, particulars } = error
  return failed(arrow, call, code, {
    detail,
    effect,
    fix,
    particulars,
    cause: error,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  })
}
