/**
 * Checkers: what a history of a run proves about the promises of the system.
 *
 * A history is what clients, consumers and stores wrote down: who asked what, when, and what came
 * back. A checker is a pure function from a history to a verdict; where the verdict is bad, it names
 * the few entries that show it, in words. They judge histories of the simulator, of production and of
 * other systems alike, and know nothing of any of them.
 */
export type { Anomaly, AnomalyKind, IsolationLevel } from './anomaly.ts'
export { checkListAppend, type Isolation } from './append.ts'
export type { Limits } from './budget.ts'
export { describeCounterexample, type Counterexample, type Line } from './counterexample.ts'
export { checkEvents, type EventEntry, type EventRule } from './events.ts'
export { checkFencing, type FencingEntry, type FencingRule } from './fencing.ts'
export type { Finding, Findings } from './finding.ts'
export { checkHistory, historyFormats, readHistory, type HistoryFormat } from './formats.ts'
export type { Answer, History, Operation } from './history.ts'
export type { ModelledHistory } from './json-lines.ts'
export { kv, type KvInput, type KvOutput } from './kv.ts'
export { checkLinearizable, type Linearizability } from './linearizable.ts'
export type { Model } from './model.ts'
export { register, type RegisterInput, type RegisterOutput, type Scalar } from './register.ts'
export { checkSessions, type SessionEntry, type SessionRule } from './sessions.ts'
export type { Item, ListOperation, Transaction } from './transaction.ts'
