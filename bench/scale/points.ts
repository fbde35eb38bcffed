/**
 * What grows, and in which steps. The smallest step is the floor of the others, so that a ratio says how
 * flat the cost is: 1 means that the largest costs as much as the smallest.
 */

/** Rows that wait in the outbox, and as many that were kept in the inbox. */
export const ROWS = [10_000, 100_000, 1_000_000] as const

/** Edges of one system: events that leave one service, and calls that leave another. */
export const EDGES = [10, 100, 1_000] as const

/** Queues of one service's relay: each of its edges has four, and one edge carries all events here. */
export const PARTITIONS = [4, 16, 64] as const

/** Events that one sample carries. */
export const EVENTS = 2_000

/** Commands that one sample does. */
export const COMMANDS = 1_000
