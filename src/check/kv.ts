/**
 * A store of texts by key that are got, put and appended to. A key that nobody wrote holds ''.
 */
import type { Model } from './model.ts'

/** What can be asked of the store. */
export type KvInput =
  | { readonly f: 'get'; readonly key: string }
  | { readonly f: 'put' | 'append'; readonly key: string; readonly value: string }

/** The text that was got; for `put` and `append`, anything. */
export type KvOutput = string | null

/** A key-value store with get, put and append. */
export const kv: Model<string, KvInput, KvOutput> = {
  initial: '',
  step(state, { input, answer }) {
    if (input.f === 'put') return input.value
    if (input.f === 'append') return state + input.value
    return answer === undefined || answer.output === state ? state : undefined
  },
  identity: (state) => state,
  describeState: (state) => JSON.stringify(state),
  partition: (input) => input.key,
  observes: ({ input }) => input.f === 'get',
  describe({ input, answer }) {
    if (input.f !== 'get') return `${input.f} ${JSON.stringify(input.value)}`
    return `get → ${answer === undefined ? '?' : JSON.stringify(answer.output)}`
  },
}
