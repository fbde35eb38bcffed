/**
 * Every code that Holdfast throws or answers, with its effect, its HTTP status and the way out.
 *
 * Promise: a code never changes its meaning. `docs/reference/errors.md` has one section for each.
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
  | 'HF_OUTBOX_FULL'
  | 'HF_CLOCK_SKEW'
  | 'HF_DECLARATION_INVALID'
  | 'HF_CONFIG_INVALID'
  | 'HF_PORT_IN_USE'
  | 'HF_SYSTEM_NOT_FOUND'
  | 'HF_HISTORY_INVALID'
  | 'HF_TRACES_INVALID'
  | 'HF_USAGE'

/** The catalogue itself. */
export const catalogue: Readonly<Record<Code, Entry>> = {
  HF_CALL_NOT_SENT: {
    effect: 'none',
    status: 503,
    title: 'the call was not sent',
    fix: 'Check that the callee runs and that its URL is right; the call is safe to repeat.',
  },
  HF_CALL_LOST: {
    effect: 'unknown',
    status: 502,
    title: 'the connection broke before the answer arrived',
    fix: 'The callee may have acted: repeat only with the same idempotency key.',
  },
  HF_CALL_TIMEOUT: {
    effect: 'unknown',
    status: 504,
    title: 'no answer within the deadline',
    fix: 'The callee may have acted: repeat only with the same idempotency key, or raise the deadline.',
  },
  HF_CALL_REJECTED: {
    effect: 'none',
    status: 503,
    title: 'the callee refused the call before executing it',
    fix: 'Repeat later or elsewhere; nothing was done.',
  },
  HF_CALL_FAILED: {
    effect: 'unknown',
    status: 502,
    title: 'the callee failed',
    fix: "Read the callee's log at the same trace id.",
  },
  HF_CALL_DENIED: {
    effect: 'none',
    status: 502,
    title: 'the callee refused the call as wrong',
    fix: 'Compare the call with what the callee expects; repeated unchanged, it is refused again.',
  },
  HF_CALL_UNDECLARED: {
    effect: 'none',
    status: 500,
    title: 'the service called over an edge that it does not declare',
    fix: 'Add the edge to `uses` of the service, so that the map and the policies know it.',
  },
  HF_CIRCUIT_OPEN: {
    effect: 'none',
    status: 503,
    title: 'the circuit to the callee is open',
    fix: 'Wait for `retryAfterMs`; the circuit tries itself out. Until then declare a `fallback`.',
  },
  HF_BULKHEAD_FULL: {
    effect: 'none',
    status: 503,
    title: 'too many calls of this edge are under way',
    fix: 'Find out why the callee is slow; raise `concurrency` of the edge only if it has room.',
  },
  HF_ANSWER_INVALID: {
    effect: 'unknown',
    status: 502,
    title: 'the answer breaks the contract',
    fix: 'Compare the contract with what the callee runs; the callee may have acted.',
  },
  HF_NEIGHBOUR_DOWN: {
    effect: 'unknown',
    status: 503,
    title: 'a neighbour that the handler must ask first cannot answer',
    fix: 'Bring the neighbour back; this service wrote nothing, and an event waits until then.',
  },
  HF_DEADLINE_EXHAUSTED: {
    effect: 'none',
    status: 504,
    title: 'no time was left to begin',
    fix: 'Raise the deadline of the outermost call, or make what runs before this faster.',
  },
  HF_INPUT_INVALID: {
    effect: 'none',
    status: 400,
    title: 'the input breaks the contract',
    fix: 'Send what the contract declares; `issues` names each wrong field.',
  },
  HF_REQUEST_MALFORMED: {
    effect: 'none',
    status: 400,
    title: 'the request cannot be read',
    fix: 'Send UTF-8 JSON with `content-type: application/json`.',
  },
  HF_BODY_TOO_LARGE: {
    effect: 'none',
    status: 413,
    title: 'the body is over the limit',
    fix: 'Send less, or send a reference to where the bytes are.',
  },
  HF_OPERATION_UNKNOWN: {
    effect: 'none',
    status: 404,
    title: 'no such operation',
    fix: 'Compare the path with the contract of the service.',
  },
  HF_METHOD_NOT_ALLOWED: {
    effect: 'none',
    status: 405,
    title: 'the operation exists under another method',
    fix: 'Use the method that the `Allow` header names.',
  },
  HF_KEY_MISSING: {
    effect: 'none',
    status: 400,
    title: 'the operation needs an idempotency key',
    fix: 'Send `Idempotency-Key` with a value that is the same for each try of one intent.',
  },
  HF_KEY_INVALID: {
    effect: 'none',
    status: 400,
    title: 'the idempotency key cannot be used',
    fix: 'Use 1 to 255 visible ASCII characters.',
  },
  HF_KEY_REUSED: {
    effect: 'none',
    status: 422,
    title: 'the idempotency key was used with another input',
    fix: 'Use a new key for a new intent.',
  },
  HF_KEY_BUSY: {
    effect: 'none',
    status: 409,
    title: 'a request with the same key is still running',
    fix: 'Repeat with the same key after `Retry-After`; the stored answer will be replayed.',
  },
  HF_KEY_CANCELLED: {
    effect: 'none',
    status: 409,
    title: 'the key was cancelled before the request arrived',
    fix: 'Use a new key for a new intent.',
  },
  HF_HANDLER_FAILED: {
    effect: 'none',
    status: 500,
    title: 'the handler failed and its transaction was rolled back',
    fix: "Read the service's log at the same trace id.",
  },
  HF_DRAINING: {
    effect: 'none',
    status: 503,
    title: 'the service is stopping',
    fix: 'Repeat on another instance, or after the restart.',
  },
  HF_OVERLOADED: {
    effect: 'none',
    status: 503,
    title: 'the service has more work than it can finish in time',
    fix: 'Repeat elsewhere or later; nothing was done. If it lasts, the service needs more instances.',
  },
  HF_QUOTA_EXCEEDED: {
    effect: 'none',
    status: 429,
    title: 'the caller asks more often than its quota allows',
    fix: 'Wait for `Retry-After`, or ask the owner of the service for a larger `quota`.',
  },
  HF_DB_UNREACHABLE: {
    effect: 'none',
    status: 503,
    title: 'the database cannot be reached',
    fix: 'Check that the server runs and that DATABASE_URL is right.',
  },
  HF_DB_TIMEOUT: {
    effect: 'none',
    status: 504,
    title: 'a statement ran past the deadline and was cancelled',
    fix: 'Make the statement faster or the deadline longer.',
  },
  HF_DB_LOCK_TIMEOUT: {
    effect: 'none',
    status: 409,
    title: 'a lock was not granted in time',
    fix: 'Repeat later; somebody holds the row.',
  },
  HF_DB_CONFLICT: {
    effect: 'none',
    status: 409,
    title: 'two transactions conflicted and this one was rolled back',
    fix: 'Repeat; Holdfast already repeated it within the deadline.',
  },
  HF_DB_READ_ONLY: {
    effect: 'none',
    status: 503,
    title: 'the database refuses writes',
    fix: 'Wait for the fail-over to end, or connect to the primary.',
  },
  HF_DB_FULL: {
    effect: 'none',
    status: 503,
    title: 'the database has no room left',
    fix: 'Free disk space; nothing that was acknowledged is lost.',
  },
  HF_DB_COMMIT_UNKNOWN: {
    effect: 'unknown',
    status: 503,
    title: 'the connection broke during the commit',
    fix: 'Repeat with the same idempotency key: the stored answer tells what happened.',
  },
  HF_DB_STATEMENT_FAILED: {
    effect: 'none',
    status: 500,
    title: 'a statement failed',
    fix: 'Read the SQLSTATE and the statement in the log; the transaction was rolled back.',
  },
  HF_DB_OUTSIDE_TRANSACTION: {
    effect: 'none',
    status: 500,
    title: "a statement ran outside the handler's transaction",
    fix: 'Use the `tx` that the handler receives, and only until the handler returns.',
  },
  HF_DB_IN_USE: {
    effect: 'none',
    status: 503,
    title: 'another process has the embedded database open',
    fix: 'Stop that process, or choose another directory with HOLDFAST_DIR.',
  },
  HF_MIGRATION_CHANGED: {
    effect: 'none',
    status: 500,
    title: 'a migration was changed after it was applied',
    fix: 'Restore the file and write the change as a new migration.',
  },
  HF_MIGRATION_FAILED: {
    effect: 'none',
    status: 500,
    title: 'a migration failed and was rolled back',
    fix: 'Correct the file; nothing of it was applied.',
  },
  HF_MIGRATION_INVALID: {
    effect: 'none',
    status: 500,
    title: 'the migrations cannot be used',
    fix: 'Name the files NNNN_name.sql, each number once, without gaps in what was applied.',
  },
  HF_EVENT_INVALID: {
    effect: 'none',
    status: 400,
    title: 'the event breaks its contract',
    fix: 'Emit what the contract declares; the transaction was rolled back.',
  },
  HF_EVENT_UNKNOWN: {
    effect: 'none',
    status: 404,
    title: 'nobody here subscribes to this event',
    fix: 'Deploy the consumer that subscribes, then redrive the dead letter.',
  },
  HF_EVENT_UNDELIVERED: {
    effect: 'unknown',
    status: 502,
    title: 'the event could not be delivered',
    fix: 'Read `error` of the outbox row; `holdfast dead redrive` tries again.',
  },
  HF_EVENT_TOO_NEW: {
    effect: 'none',
    status: 503,
    title: 'the event is not understood yet',
    fix: 'Deploy the consumer with the version that the producer emits; the event waits.',
  },
  HF_EVENT_EXPIRED: {
    effect: 'none',
    status: 410,
    title: 'the event is older than its consumer remembers',
    fix: 'Find out whether it had its effect; then `holdfast dead skip`, or emit it anew.',
  },
  HF_OUTBOX_FULL: {
    effect: 'none',
    status: 503,
    title: 'too many events wait for a subscriber',
    fix: 'Bring the subscriber back, or declare a larger `backlog` or `full: shed` for the event.',
  },
  HF_CLOCK_SKEW: {
    effect: 'none',
    status: 503,
    title: 'a clock is too far ahead',
    fix: 'Set the clock of the machine that runs ahead; what it sent waits and is tried again.',
  },
  HF_DECLARATION_INVALID: {
    effect: 'none',
    status: 500,
    title: 'the declaration contradicts itself',
    fix: 'Correct the contract, edge, service or system that is named.',
  },
  HF_CONFIG_INVALID: {
    effect: 'none',
    status: 500,
    title: 'the configuration cannot be used',
    fix: 'Correct each variable that is named.',
  },
  HF_PORT_IN_USE: {
    effect: 'none',
    status: 500,
    title: 'the port is taken',
    fix: 'Stop the program that listens there, or set PORT.',
  },
  HF_SYSTEM_NOT_FOUND: {
    effect: 'none',
    status: 500,
    title: 'there is no system to run',
    fix: 'Name a folder whose system.ts exports a `system(...)`.',
  },
  HF_HISTORY_INVALID: {
    effect: 'none',
    status: 400,
    title: 'the history cannot be checked',
    fix: 'Correct what is named; `holdfast check --help` describes the formats.',
  },
  HF_TRACES_INVALID: {
    effect: 'none',
    status: 400,
    title: 'the traces cannot be read',
    fix: 'Export the traces again, and copy the file when it is complete.',
  },
  HF_USAGE: {
    effect: 'none',
    status: 400,
    title: 'the command line cannot be understood',
    fix: 'See `holdfast --help`.',
  },
}
