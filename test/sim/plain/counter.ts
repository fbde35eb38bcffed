/**
 * Something that a module keeps in memory.
 */
let count = 0

/** 1, 2, 3 in each process. */
export function next(): number {
  count += 1
  return count
}
