/**
 * Findings: what is wrong with a declared system, each with its place, a sentence and a way out.
 */

/** What is wrong. The codes are stable, and docs/reference/findings.md has a row for each. */
export type FindingCode =
  | 'cycle'
  | 'shared-store'
  | 'retry-without-key'
  | 'deep'
  | 'retries-multiply'
  | 'attempts-do-not-fit'
  | 'deadline-outlives-caller'
  | 'starved'
  | 'edge-without-ask'
  | 'central-point'
  | 'event-unheard'
  | 'event-unordered'
  | 'breaker-blind'
  | 'hedge-too-late'
  | 'attempt-too-short'
  | 'criticality-inversion'
  | 'bulkhead-too-small'
  | 'callee-must-shed'
  | 'vulnerable'
  | 'wide-fan-out'
  | 'ghost'
  | 'bound-broken'
  | 'first-attempt-too-short'
  | 'dead-letters'
  | 'never-seen'

/** An `error` cannot be run safely; a `warning` costs something; a `note` is worth knowing. */
export type Severity = 'error' | 'warning' | 'note'

/** One finding. */
export interface Finding {
  readonly code: FindingCode
  readonly severity: Severity
  /** The arrow, handler, store or event at fault. */
  readonly at: string
  /** The path at fault, as names of handlers; empty if it is not about a path. */
  readonly way: readonly string[]
  readonly says: string
  readonly fix: string
}
