/**
 * Where a message stands: its partition, which one relay holds at a time, and its lock slot, which
 * one transaction holds at a time.
 *
 * Both come from Holdfast's own hash. The one of PostgreSQL is not promised to stay the same, and a
 * key that changes its partition while messages wait would be sent by two relays.
 *
 * Invariants:
 *   P1. One key of one edge has one partition and one slot, on every machine and in every version.
 *
 * Source: Fowler, Noll, Vo: FNV-1a, 32 bits, over UTF-8.
 */

/** Partitions of each edge. Fixed: another number would move keys while messages wait. */
export const PARTITIONS = 4

/** Lock slots of each edge: bounds the lock table of the server, at the price of rare shared slots. */
const SLOTS = 1_024

const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193

/** The 32-bit FNV-1a hash of a text, in [0, 2^32). */
export function hash(text: string): number {
  let state = OFFSET_BASIS
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, PRIME)
  return state >>> 0
}

/** The partition of a message. Messages without a key have no order, and are spread by their id. */
export function partitionOf({ key, id }: { readonly key: string; readonly id: string }): number {
  return hash(key === '' ? id : key) % PARTITIONS
}

/** The pair of 32-bit integers under which PostgreSQL locks a key of an edge. */
export interface Slot {
  readonly space: number
  readonly slot: number
}

/** The lock slot of a key. */
export function slotOf(edge: string, key: string): Slot {
  // Advisory locks take signed integers.
  return { space: hash(edge) | 0, slot: hash(key) % SLOTS }
}
