/**
 * The sentences that must be true of the system: `always`, and once it has `settled`.
 *
 * A check looks at the world from outside: it reads any database, no time passes meanwhile, and no
 * fault touches it. It fails by throwing, or by answering `false`.
 *
 * Invariants:
 *   C1. A check reads committed rows only: it runs when every database is between two transactions.
 *   C3. It runs after each commit that may have changed a table in a database that it reads, after every
 *       `COMMITS_BETWEEN` commits anyway, and at the end.
 *   C2. A check that waits for time to pass is refused, for none does.
 */
import { HoldfastError } from '#errors'
import type { Actor } from './actor.ts'
import { runAs } from './actor.ts'
import { describedWithPlace, firstLine } from './process.ts'
import { turn } from './reality.ts'
import type { DatabaseServer } from './database/server.ts'

type Row = Readonly<Record<string, unknown>>

/** A service, by its name or as it was declared. */
export type Named = string | { readonly name: string }

/** Reads a service's database: `sql('orders')` with a template, or with text and parameters. */
export interface ReadSql {
  (service: Named): (text: TemplateStringsArray, ...params: unknown[]) => Promise<Row[]>
  (service: Named, text: string, params?: readonly unknown[]): Promise<Row[]>
}

/** What a check gets. */
export interface Look {
  readonly sql: ReadSql
}

/** One check. `false` or a thrown error is a violation. */
export type Check = (look: Look) => unknown

/** Checks by the sentence that they hold true. */
export type Checks = Readonly<Record<string, Check>>

/** Turns of the event loop that a check may take. One is enough for anything that needs no time. */
const TURNS_MAX = 100

/** What is said of a check that only answered `false`. */
export const NO_DETAIL = 'is not true'

/** A sentence that is not true, and why. */
export interface Broken {
  readonly check: string
  readonly detail: string
}

/** Commits after which every check runs, whatever it had read: it may also look at things outside. */
const COMMITS_BETWEEN = 25

/** The checks of one world, each run when something that it had read may have changed. */
export class Vigil {
  readonly #checks: Checks
  readonly #servers: ReadonlyMap<string, DatabaseServer>
  readonly #observer: Actor
  /** What each check had read when it last ran, as it was then. */
  readonly #seen = new Map<string, Reading>()
  #thoroughAt = 0

  constructor(options: {
    readonly checks: Checks
    readonly servers: ReadonlyMap<string, DatabaseServer>
    readonly observer: Actor
  }) {
    this.#checks = options.checks
    this.#servers = options.servers
    this.#observer = options.observer
  }

  /** Runs the checks that are due, in order. Gives the first one that is broken. */
  async due(): Promise<Broken | undefined> {
    const commits = [...this.#servers.values()].reduce((sum, server) => sum + server.commits, 0)
    if (commits - this.#thoroughAt >= COMMITS_BETWEEN) {
      this.#thoroughAt = commits
      return this.all()
    }
    return this.#firstBroken((sentence) => this.#seen.get(sentence)?.isStale() !== false)
  }

  /** Runs all checks, in order. Gives the first one that is broken. */
  async all(): Promise<Broken | undefined> {
    return this.#firstBroken(() => true)
  }

  async #firstBroken(isDue: (sentence: string) => boolean): Promise<Broken | undefined> {
    for (const [sentence, check] of Object.entries(this.#checks)) {
      if (!isDue(sentence)) continue
      const reading = new Reading()
      this.#seen.set(sentence, reading)
      const look = lookAt(this.#servers, reading)
      // oxlint-disable-next-line no-await-in-loop -- in order, so that the same one is found each time.
      const detail = await whyBroken(check, look, this.#observer)
      if (detail !== undefined) return { check: sentence, detail }
    }
    return undefined
  }
}

/** True if the check is, now. One that throws is not. */
export async function holds(
  check: Check,
  servers: ReadonlyMap<string, DatabaseServer>,
  reading: Reading,
  observer: Actor,
): Promise<boolean> {
  return (await whyBroken(check, lookAt(servers, reading), observer)) === undefined
}

/** Which databases a check has read, and how far they were. */
export class Reading {
  readonly #seen = new Map<() => number, number>()

  /** Of the framework's own tables every commit may change something, of the user's only some. */
  add(server: DatabaseServer, text: string): void {
    const count = /\bhf\./i.test(text) ? () => server.commits : () => server.changes
    this.#seen.set(count, count())
  }

  isStale(): boolean {
    return [...this.#seen].some(([count, then]) => count() !== then)
  }
}

function lookAt(servers: ReadonlyMap<string, DatabaseServer>, reading: Reading): Look {
  const read = async (service: Named, text: string, params: readonly unknown[]): Promise<Row[]> => {
    const name = typeof service === 'string' ? service : service.name
    const server = servers.get(name)
    if (server === undefined) {
      const known = [...servers.keys()].join(', ')
      throw new HoldfastError('HF_USAGE', {
        detail: `a check reads the database of '${name}'; the services are ${known}`,
      })
    }
    reading.add(server, text)
    return server.peek(text, params)
  }
  const template =
    (service: Named) =>
    async (text: TemplateStringsArray, ...params: unknown[]): Promise<Row[]> =>
      read(service, numbered(text), params)
  // One function for both forms: with a text it reads at once, without it waits for the template.
  const sql = ((service: Named, text?: string, params: readonly unknown[] = []) =>
    text === undefined ? template(service) : read(service, text, params)) as ReadSql
  return { sql }
}

async function whyBroken(check: Check, look: Look, observer: Actor): Promise<string | undefined> {
  const judged = runAs(observer, async () => await check(look)).then(
    (answer) => (answer === false ? NO_DETAIL : undefined),
    whyNot,
  )
  const progress = { isOver: false }
  void judged.finally(() => {
    progress.isOver = true
  })
  // oxlint-disable-next-line no-await-in-loop -- one after another is the point.
  for (let count = 0; count < TURNS_MAX && !progress.isOver; count += 1) await turn()
  return progress.isOver ? judged : 'waits for time to pass, and none does'
}

/** An assertion says by itself what is not true; any other error is a mistake of the check, and has a place. */
function whyNot(error: unknown): string {
  const isAssertion = error instanceof Error && error.name === 'AssertionError'
  return isAssertion ? firstLine(error.message) : describedWithPlace(error)
}

function numbered(text: TemplateStringsArray): string {
  return text.reduce((whole, part, index) => `${whole}$${index}${part}`)
}
