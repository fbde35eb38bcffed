/**
 * Registers that are read, written and swapped, one for each key.
 *
 * A compare-and-set that answers `false` is an observation, too: the register did not hold what was
 * expected. Before the first write a register holds `null`.
 */
import type { Model } from './model.ts'

/** What a register can hold. */
export type Scalar = string | number | boolean | null

/** What can be asked of a register. Without `key` there is only one. */
export type RegisterInput =
  | { readonly f: 'read'; readonly key?: string }
  | { readonly f: 'write'; readonly key?: string; readonly value: Scalar }
  | { readonly f: 'cas'; readonly key?: string; readonly expected: Scalar; readonly value: Scalar }

/** The value that was read; for `cas`, whether it was set; for `write`, anything. */
export type RegisterOutput = Scalar

/** Registers with read, write and compare-and-set. */
export const register: Model<Scalar, RegisterInput, RegisterOutput> = {
  initial: null,
  step(state, { input, answer }) {
    if (input.f === 'write') return input.value
    if (input.f === 'read')
      return answer === undefined || answer.output === state ? state : undefined
    const isHit = state === input.expected
    if (answer !== undefined && answer.output !== isHit) return undefined
    return isHit ? input.value : state
  },
  identity: (state) => JSON.stringify(state),
  partition: (input) => input.key ?? '',
  observes: ({ input, answer }) =>
    input.f === 'read' || (input.f === 'cas' && answer?.output === false),
  describe({ input, answer }) {
    const told = answer === undefined ? '?' : JSON.stringify(answer.output)
    if (input.f === 'read') return `read → ${told}`
    if (input.f === 'write') return `write ${JSON.stringify(input.value)}`
    return `cas ${JSON.stringify(input.expected)} to ${JSON.stringify(input.value)} → ${told}`
  },
}
