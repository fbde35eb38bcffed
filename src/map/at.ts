/**
 * Reading a place that is certainly taken: the compiler cannot know that an index is in range, and a
 * silent `undefined` in arithmetic becomes a NaN on somebody's map.
 */
import { assert } from '#errors'

/** The element at `index`. An index out of range is a bug. */
export function at<T>(all: readonly T[], index: number): T {
  const found = all[index]
  assert(found !== undefined, `position ${index} of ${all.length} is taken`)
  return found
}

/** The value under `key`. A key that is not there is a bug. */
export function get<Key, Value>(all: ReadonlyMap<Key, Value>, key: Key): Value {
  const found = all.get(key)
  assert(found !== undefined, `'${String(key)}' is known`)
  return found
}
