/**
 * What a user declares, as frozen values: contracts, edges, services, systems.
 *
 * Nothing here runs. The host enforces these values, the map draws them, the simulation breaks them:
 * one object, so that the picture cannot differ from what happens.
 */
export { HTTP_PUSH, type Acknowledgement, type BrokerPromises } from './broker.ts'
export {
  command,
  contract,
  event,
  query,
  type AnswerIn,
  type AnswerOf,
  type BacklogBound,
  type Command,
  type Contract,
  type ContractOf,
  type Event,
  type Freshness,
  type HttpRoute,
  type InputIn,
  type InputTo,
  type KeyRule,
  type Named,
  type OfKind,
  type Operation,
  type Operations,
  type PayloadIn,
  type PayloadTo,
  type Query,
  type RefusalOf,
  type Refusals,
  type ResolvedBacklog,
  type Upcasters,
} from './contract.ts'
export {
  edge,
  type Attempts,
  type CacheNeedsAQuery,
  type Callable,
  type Edge,
  type EdgeOperation,
  type EdgeOptions,
  type HedgeNeedsAQuery,
  type OperationPolicy,
  type RetryNeedsAKey,
} from './edge.ts'
export type {
  BreakerOption,
  BreakerPolicy,
  CacheOption,
  CachePolicy,
  Chooser,
  Concurrency,
  Criticality,
  EdgePolicy,
  HedgePolicy,
  ResolvedPolicy,
} from './policy.ts'
export { type Preset } from './preset.ts'
export { deepFreeze } from './freeze.ts'
export {
  sql,
  type DatabaseDeclaration,
  type DatabaseOptions,
  type Rows,
  type RowShape,
  type SqlExecutor,
  type TransactionIsolation,
} from './executor.ts'
export { Refused, type Outcome } from './outcome.ts'
export {
  describeIssues,
  nothing,
  type InputOf,
  type Issue,
  type OutputOf,
  type Schema,
  type Verdict,
} from './schema.ts'
export {
  after,
  service,
  when,
  type AskContext,
  type Call,
  type CallOptions,
  type CommandContext,
  type Emit,
  type EmitOptions,
  type EventContext,
  type Handler,
  type HandlersOf,
  type Handles,
  type QueryContext,
  type Quota,
  type Refusal,
  type Refuse,
  type ResultOf,
  type Service,
  type ServiceOptions,
  type Subscription,
  type SubscriptionOptions,
} from './service.ts'
export { matchRoute } from './route.ts'
export { unchecked } from './unchecked.ts'
export { foreign, system, type EventEdge, type Foreign, type System } from './system.ts'
