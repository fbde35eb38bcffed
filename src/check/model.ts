/**
 * A model: what the object would do if one client at a time used it.
 *
 * Promise: whoever writes a model for an object of their own can check its histories. A model is
 * a few short functions over immutable states; it knows nothing of time or concurrency.
 */
import type { Operation } from './history.ts'

/** The sequential behaviour of one object. States must not be changed in place. */
export interface Model<State, Input, Output> {
  readonly initial: State
  /**
   * The state after the operation, or `undefined` if an operation that was answered so cannot happen
   * in `state`. An operation without an answer gives the state after its effect.
   */
  step(state: State, operation: Operation<Input, Output>): State | undefined
  /** A text that is equal for two states exactly if nobody can ever tell them apart. */
  identity(state: State): string
  /** The operation in a few words, with its answer if it has one: `read → 3`. */
  describe(operation: Operation<Input, Output>): string
  /** Name of the independent object that the input touches; each is checked alone. One by default. */
  partition?(input: Input): string
  /** The state in a few words; its identity by default. */
  describeState?(state: State): string
  /** True if the operation with this answer never changes any state: it is placed early and left out of a proof. */
  observes?(operation: Operation<Input, Output>): boolean
}
