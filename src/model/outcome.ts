/**
 * The four ends of a call. Two are not enough: "it failed" hides whether it happened.
 */
import { HoldfastError } from '#errors'
import type { AnswerOf, RefusalOf } from './contract.ts'

/**
 * `done`: it happened, here is the answer. `refused`: a declared business no; final.
 * `unsent`: it certainly did not happen. `unknown`: it may have happened.
 */
export type Outcome<Op> =
  | { readonly kind: 'done'; readonly value: AnswerOf<Op>; readonly degraded: boolean }
  | { readonly kind: 'refused'; readonly refusal: RefusalOf<Op> }
  | { readonly kind: 'unsent'; readonly error: HoldfastError }
  | { readonly kind: 'unknown'; readonly error: HoldfastError }

/** A declared business no, thrown by `call` where the caller did not ask for the outcome. */
export class Refused extends Error {
  override readonly name: string = 'Refused'
  readonly edge: string
  readonly code: string
  readonly data: unknown

  constructor(edge: string, code: string, data: unknown) {
    super(`${edge} refused: ${code}`)
    this.edge = edge
    this.code = code
    this.data = data
  }
}
