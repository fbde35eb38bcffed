/**
 * Holdfast: every arrow between your services is a declared, typed value.
 *
 * This door holds what a user writes: contracts, edges, services, systems. They are plain values;
 * importing them starts nothing. `holdfast/node` runs them, `holdfast/sim` breaks them.
 */
export { HoldfastError, isHoldfastError, type Code, type Effect } from '#errors'
export type { Duration } from '#clock'
export {
  after,
  command,
  contract,
  edge,
  event,
  foreign,
  query,
  Refused,
  service,
  sql,
  system,
  unchecked,
  when,
  type Call,
  type Contract,
  type DatabaseDeclaration,
  type DatabaseOptions,
  type Edge,
  type EdgeOperation,
  type EmitOptions,
  type Foreign,
  type Outcome,
  type Rows,
  type Schema,
  type Service,
  type SqlExecutor,
  type System,
  type TransactionIsolation,
} from '#model'
