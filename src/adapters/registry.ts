/**
 * A registry of instances in a PostgreSQL that all processes reach: who is there, and since when nobody
 * has heard of it.
 *
 * Intuition: a row for each instance, which it touches every few seconds. What has not been touched for
 * three such times is not named any more. A wrong row costs a failed connection and no more: nothing
 * rests on it but where a call is tried first.
 *
 * Invariants:
 *   G1. Time is the database's: clocks of instances do not matter.
 *   G2. An instance that stops in order is gone at once; one that dies, within `ABSENT_S`.
 *   G3. A registry that is down keeps nobody from running: it is announced to again and again.
 */
import type { Lookup } from '#edge'
import { type Connections, type Database, openDatabase } from '#state'
import type { World } from '#world'

/** An instance that is announced until it stops. */
export interface Announcement {
  stop(): Promise<void>
}

/** How often an instance says that it is there, in ms; give or take a fifth. */
const ANNOUNCE_MS = 5_000

/** How long an instance is believed to be there after it last said so, in s. */
const ABSENT_S = 15

/** Longest wait for the registry's database, in ms. */
const TIMEOUT_MS = 2_000

const TABLES = `
  select pg_advisory_xact_lock(4851091);
  create schema if not exists hf_registry;
  create table if not exists hf_registry.instance (
    name    text        not null,
    origin  text        not null,
    seen_at timestamptz not null default now(),
    primary key (name, origin)
  )`

const ANNOUNCE = `
  insert into hf_registry.instance (name, origin) values ($1, $2)
  on conflict (name, origin) do update set seen_at = now()`

const FIND = `
  select origin from hf_registry.instance
  where name = $1 and seen_at > now() - make_interval(secs => $2)
  order by origin`

const FORGET = 'delete from hf_registry.instance where name = $1 and origin = $2'

/** Rows of instances that died long ago; each announcement takes its share of them away. */
const TIDY = "delete from hf_registry.instance where seen_at < now() - interval '1 day'"

/** The registry, as one process uses it. */
export class Registry {
  readonly #database: Database
  readonly #world: Pick<World, 'clock' | 'timers' | 'random'>
  #hasTables = false

  constructor(connections: Connections, world: Pick<World, 'clock' | 'timers' | 'random'>) {
    this.#database = openDatabase(connections, world)
    this.#world = world
  }

  /** Where the instances of `name` are. */
  lookup(name: string): Lookup {
    return async () => {
      await this.#prepare()
      const { rows } = await this.#database.query<{ origin: string }>(FIND, [name, ABSENT_S], {
        timeoutMs: TIMEOUT_MS,
      })
      return { origins: rows.map(({ origin }) => origin) }
    }
  }

  /** Says that an instance is there, from now until it stops. Ends when it was said, or has failed, once. */
  async announce(name: string, origin: string): Promise<Announcement> {
    const { timers, random } = this.#world
    let cancel: (() => void) | undefined
    let isStopped = false
    const say = async (): Promise<void> => {
      await this.#say(name, origin)
      if (isStopped) return
      const delayMs = ANNOUNCE_MS * (0.8 + 0.4 * random.float())
      cancel = timers.after(delayMs, () => {
        saying = say()
      })
    }
    let saying = say()
    await saying
    const stop = async (): Promise<void> => {
      isStopped = true
      cancel?.()
      await saying
      await this.#quietly(FORGET, [name, origin])
    }
    return { stop }
  }

  async close(): Promise<void> {
    await this.#database.close()
  }

  async #say(name: string, origin: string): Promise<void> {
    try {
      await this.#prepare()
    } catch {
      return
    }
    await this.#quietly(ANNOUNCE, [name, origin])
    await this.#quietly(TIDY, [])
  }

  /** G3: what cannot be said now is said in five seconds. */
  async #quietly(text: string, params: readonly unknown[]): Promise<void> {
    await this.#database.query(text, params, { timeoutMs: TIMEOUT_MS }).catch(() => undefined)
  }

  async #prepare(): Promise<void> {
    if (this.#hasTables) return
    await this.#database.transaction({ timeoutMs: TIMEOUT_MS }, (tx) => tx.script(TABLES))
    this.#hasTables = true
  }
}
