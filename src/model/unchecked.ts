/**
 * A schema that believes you: for values that no schema describes, in a program that wants the policies
 * of an edge and has no contract yet.
 */
import type { Schema } from './schema.ts'

/**
 * Accepts every value as a `T`. Nothing is checked: what arrives may be anything.
 *
 * @example
 * const rate = query({ input: unchecked<string>(), output: unchecked<number>() })
 */
export function unchecked<T>(): Schema<T> {
  return {
    '~standard': {
      version: 1,
      vendor: 'unchecked',
      // The type is the word of whoever wrote it: that is what the name says.
      validate: (value) => ({ value: value as T }),
    },
  }
}
