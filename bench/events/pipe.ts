/**
 * A pipe of events: one business transaction at the source, one effect at the target, in two databases.
 *
 * Every subject keeps the same promise: the order and its event are committed together, and the
 * target's row is written once, however often the event arrives.
 */

/** Where the two owners keep their rows. */
export interface Ends {
  readonly source: string
  readonly target: string
}

/** A pipe that runs. */
export interface Pipe {
  /** Commits one order with its event. */
  send(orderId: string): Promise<void>
}

/** Starts a pipe; `onEffect` is called once for each effect that was committed. */
export type StartPipe = (ends: Ends, onEffect: () => void) => Promise<Pipe>

/** Callers that send at once, and connections that each side may use. */
export const SENDERS = 16

/** The tables of the source. */
export const SOURCE_TABLES = `create table if not exists orders (
  id text primary key, customer text not null, cents int not null)`

/** The tables of the target, for those who have no inbox of their own. */
export const TARGET_TABLES = `
  create table if not exists shipments (order_id text not null);
  create table if not exists inbox (event_id text primary key);`
