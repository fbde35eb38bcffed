/**
 * The codes, and what is said about each of them.
 *
 * Promise: a code never changes its meaning. What they say stands in `catalogue.ts`.
 */

/** Whether the other side may have acted: 'none' is a promise that it did not. */
export type Effect = 'none' | 'unknown'

/** One row of the catalogue. `status` is what a caller over HTTP sees. */
export interface Entry {
  readonly effect: Effect
  readonly status: number
  readonly title: string
  readonly fix: string
}

/** The codes, grouped by who notices: caller, callee, database, event edge, host. */
export type Code =
  | 'HF_CALL_NOT_SENT'
  | 'HF_CALL_LOST'
  | 'HF_CALL_TIMEOUT'
  | 'HF_CALL_REJECTED'
  | 'HF_CALL_FAILED'
  | 'HF_CALL_DENIED'
  | 'HF_CALL_UNDECLARED'
  | 'HF_CIRCUIT_OPEN'
  | 'HF_BULKHEAD_FULL'
  | 'HF_ANSWER_INVALID'
  | 'HF_NEIGHBOUR_DOWN'
  | 'HF_DEADLINE_EXHAUSTED'
  | 'HF_INPUT_INVALID'
  | 'HF_REQUEST_MALFORMED'
  | 'HF_BODY_TOO_LARGE'
  | 'HF_OPERATION_UNKNOWN'
  | 'HF_METHOD_NOT_ALLOWED'
  | 'HF_KEY_MISSING'
  | 'HF_KEY_INVALID'
  | 'HF_KEY_REUSED'
  | 'HF_KEY_BUSY'
  | 'HF_KEY_CANCELLED'
  | 'HF_HANDLER_FAILED'
  | 'HF_DRAINING'
  | 'HF_OVERLOADED'
  | 'HF_QUOTA_EXCEEDED'
  | 'HF_DB_UNREACHABLE'
  | 'HF_DB_TIMEOUT'
  | 'HF_DB_LOCK_TIMEOUT'
  | 'HF_DB_CONFLICT'
  | 'HF_DB_READ_ONLY'
  | 'HF_DB_FULL'
  | 'HF_DB_SNAPSHOT_HELD'
  | 'HF_DB_COMMIT_UNKNOWN'
  | 'HF_DB_STATEMENT_FAILED'
  | 'HF_DB_OUTSIDE_TRANSACTION'
  | 'HF_DB_IN_USE'
  | 'HF_MIGRATION_CHANGED'
  | 'HF_MIGRATION_FAILED'
  | 'HF_MIGRATION_INVALID'
  | 'HF_EVENT_INVALID'
  | 'HF_EVENT_UNKNOWN'
  | 'HF_EVENT_UNDELIVERED'
  | 'HF_EVENT_TOO_NEW'
  | 'HF_EVENT_EXPIRED'
  | 'HF_EVENT_UNCONFIRMED'
  | 'HF_BROKER_UNAVAILABLE'
  | 'HF_BROKER_FULL'
  | 'HF_BROKER_UNFIT'
  | 'HF_OUTBOX_FULL'
  | 'HF_CLOCK_SKEW'
  | 'HF_DECLARATION_INVALID'
  | 'HF_CONFIG_INVALID'
  | 'HF_PORT_IN_USE'
  | 'HF_SYSTEM_NOT_FOUND'
  | 'HF_SIM_STALLED'
  | 'HF_HISTORY_INVALID'
  | 'HF_TRACES_INVALID'
  | 'HF_USAGE'
