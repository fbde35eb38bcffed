/**
 * What a plain service finds around it: its database, its environment, its console, its way out.
 *
 * A program that knows nothing of Holdfast reaches for `process.env`, `new pg.Pool()` and
 * `server.listen()`. What it gets depends on who reaches, so each incarnation has a household of its own.
 */
import type { Connections } from '#state'
import type { WireHandler } from '#world'
import { type Actor, currentActor } from '../actor.ts'

/** The surroundings of one incarnation of a plain service. */
export interface Household {
  readonly actor: Actor
  /** Its host name. */
  readonly host: string
  /** What the name of each of its modules ends in, so that no other incarnation shares one. */
  readonly tag: string
  /** All that it sees of the environment. It may write to it. */
  readonly env: NodeJS.ProcessEnv
  readonly connections: Connections
  /** Serves requests to this port, and to the default one if that is free. */
  listen(port: number, handler: WireHandler): Promise<Listening>
  /** Its process ends now, and is started again. */
  exit(code: number): void
  /** It wrote something for people. */
  said(words: string): void
}

/** An open port of a household. */
export interface Listening {
  readonly port: number
  close(): Promise<void>
}

const households = new WeakMap<Actor, Household>()

/** Gives an incarnation its household. */
export function settle(household: Household): void {
  households.set(household.actor, household)
}

/** True for an incarnation of a plain service. */
export function isHouseholder(actor: Actor): boolean {
  return households.has(actor)
}

/** The household of whoever runs now; `undefined` for everybody but plain services. */
export function currentHousehold(): Household | undefined {
  const actor = currentActor()
  return actor && households.get(actor)
}
