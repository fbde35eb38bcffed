/**
 * The arrows between services: calls, which wait for an answer, and events, which do not.
 *
 * Read `call/outgoing.ts` and `call/incoming.ts` first: two lists that say all that happens to a call,
 * in order, with the reason for each place. Both ways end in `once.ts`, the one transaction in which
 * an effect, the events that it emits and its answer are committed together. `event/relay.ts` carries
 * the events from there to whoever subscribes.
 */
export { caller, standaloneCaller } from './call/caller.ts'
export { explain, type ExplainedNumber, type ExplainedStage } from './call/explain.ts'
export { incoming } from './call/incoming.ts'
export { outgoing } from './call/outgoing.ts'
export { server, type Server } from './call/server.ts'
export { ofOneRequest, wordOfStatus, type Thrown, type ThrownWord } from './call/status.ts'
export {
  wrapped,
  type AttemptContext,
  type FunctionFor,
  type FunctionsOf,
  type Wrapped,
  type WrappedFunction,
  type WrapOptions,
} from './call/wrapped.ts'
export { readRetryAfterMs } from './call/wire.ts'
export type { Broker, BrokerOf, Intake } from './event/broker.ts'
export {
  deadCauses,
  deadDecisions,
  listDead,
  redrive,
  showDead,
  skip,
  type DeadCause,
  type Decided,
  type DeadFilter,
  type DeadLetter,
  type DeadLetterWhole,
  type Decision,
} from './event/dead-letter.ts'
export type { Message } from './event/message.ts'
export { PARTITIONS } from './event/partition.ts'
export { httpPush } from './event/push.ts'
export type { Partition } from './event/queue.ts'
export { queuedBroker } from './event/queued-broker.ts'
export type { Parcel, Queues, Taken } from './event/queues.ts'
export { relay, type Relay } from './event/relay.ts'
export { onceIn, outboxOf, type OnceResult, type Outbox } from './event/in-transaction.ts'
export { once, type Answer, type Effect } from './once.ts'
export type { Site } from './site.ts'
export { Topology, type Located, type Lookup } from './topology.ts'
