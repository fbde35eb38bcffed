/**
 * A failure of the world, with its code and its effect.
 *
 * Invariants:
 *   E1. `effect` is 'none' only if the other side certainly did not act. In doubt it is 'unknown'.
 *   E2. `message` names what happened and `fix` the way out; neither holds a secret or a stack.
 */
import { catalogue } from './catalogue.ts'
import type { Code, Effect } from './code.ts'

/**
 * What a callee advises about another attempt. `never`: whoever could retry with use has done so
 * already. `elsewhere`: another instance may have room. `later`: none has, now.
 */
export type RetryAdvice = 'never' | 'elsewhere' | 'later'

/** What the thrower knows beyond the code. `detail` is a sentence with the number and the limit. */
export interface Facts {
  readonly detail: string
  /** `orders>payments.authorize`, where an edge is involved. */
  readonly edge?: string
  /** Overrides the catalogue's way out with a more precise one. */
  readonly fix?: string
  /** Overrides the catalogue's effect where the thrower knows better. */
  readonly effect?: Effect
  /** Earliest useful retry in ms from now; sent as `Retry-After`. */
  readonly retryAfterMs?: number
  /** Travels up as `holdfast-retry`, so that the attempts of several hops do not multiply. */
  readonly advice?: RetryAdvice | undefined
  /** Machine-readable particulars, such as the issues of a validation. Must be JSON, must be public. */
  readonly particulars?: unknown
  readonly cause?: unknown
}

/** A failure that comes from the world. `code` is stable, `effect` decides what may be tried again. */
export class HoldfastError extends Error {
  override readonly name: string = 'HoldfastError'
  readonly code: Code
  readonly effect: Effect
  readonly detail: string
  readonly fix: string
  readonly edge: string | undefined
  readonly retryAfterMs: number | undefined
  readonly advice: RetryAdvice | undefined
  readonly particulars: unknown

  constructor(code: Code, facts: Facts) {
    const entry = catalogue[code]
    const where = facts.edge === undefined ? '' : `${facts.edge}: `
    super(`${where}${entry.title}: ${facts.detail}`, { cause: facts.cause })
    this.code = code
    this.effect = facts.effect ?? entry.effect
    this.detail = facts.detail
    this.fix = facts.fix ?? entry.fix
    this.edge = facts.edge
    this.retryAfterMs = facts.retryAfterMs
    this.advice = facts.advice
    this.particulars = facts.particulars
  }
}

/** True for a failure that Holdfast named; with `code`, only for that one. */
export function isHoldfastError(value: unknown, code?: Code): value is HoldfastError {
  return value instanceof HoldfastError && (code === undefined || value.code === code)
}
