/**
 * Anomalies: what transactions may not see of each other, and at which level each is forbidden.
 *
 * Source: Adya, Weak Consistency (1999), for G0 to G2; Kingsbury & Alvaro, Elle (2020), for the rest.
 */

/** What a store may claim, from the weakest to the strongest. */
export type IsolationLevel =
  | 'read-committed'
  | 'snapshot-isolation'
  | 'serializable'
  | 'strong-session-serializable'
  | 'strict-serializable'

/** A name for what went wrong. */
export type AnomalyKind =
  | 'garbage-read'
  | 'duplicate-item'
  | 'incompatible-order'
  | 'G1a'
  | 'G1b'
  | 'G0'
  | 'G1c'
  | 'internal'
  | 'G-single'
  | 'G2'
  | 'session'
  | 'realtime'

/** One thing that went wrong, with the transactions that show it. */
export interface Anomaly {
  readonly kind: AnomalyKind
  readonly words: string
  /** Their ids; of a cycle, in its order. */
  readonly transactions: readonly string[]
}

/** The weakest level that forbids each anomaly, and what it is called. */
export const anomalies: Readonly<
  Record<AnomalyKind, { readonly level: IsolationLevel; readonly title: string }>
> = {
  'garbage-read': { level: 'read-committed', title: 'a value that nobody wrote was read' },
  'duplicate-item': { level: 'read-committed', title: 'one append took effect twice' },
  'incompatible-order': { level: 'read-committed', title: 'two reads contradict each other' },
  G1a: { level: 'read-committed', title: 'aborted read' },
  G1b: { level: 'read-committed', title: 'intermediate read' },
  G0: { level: 'read-committed', title: 'write cycle' },
  G1c: { level: 'read-committed', title: 'circular information flow' },
  internal: { level: 'snapshot-isolation', title: 'a transaction contradicts itself' },
  'G-single': { level: 'snapshot-isolation', title: 'read skew' },
  G2: { level: 'serializable', title: 'anti-dependency cycle' },
  session: { level: 'strong-session-serializable', title: 'a process went back in time' },
  realtime: { level: 'strict-serializable', title: 'a finished transaction was not seen' },
}

const LEVELS: readonly IsolationLevel[] = [
  'read-committed',
  'snapshot-isolation',
  'serializable',
  'strong-session-serializable',
  'strict-serializable',
]

/** True if a store that claims `level` may not show the anomaly. */
export function isForbidden(kind: AnomalyKind, level: IsolationLevel): boolean {
  return LEVELS.indexOf(anomalies[kind].level) <= LEVELS.indexOf(level)
}
