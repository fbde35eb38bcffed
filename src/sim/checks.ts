/**
 * The sentences that must be true of the system: `always`, and once it has `settled`.
 *
 * A check looks at the world from outside: it reads any database, no time passes meanwhile, and no
 * fault touches it. It fails by throwing, or by answering `false`.
 *
 * Invariants:
 *   C1. A check reads committed rows only: it runs when every database is between two transactions.
 *   C2. A check that waits for time to pass is refused, for none does.
 */
import { HoldfastError } from '#errors'
import type { Actor } from './actor.ts'
import { runAs } from './actor.ts'
import { described } from './process.ts'
import { turn } from './reality.ts'
import type { DatabaseServer } from './server.ts'

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

/** Runs the checks in order. Gives the first sentence that is not true, and why. */
export async function firstBroken(
  checks: Checks,
  look: Look,
  observer: Actor,
): Promise<{ readonly check: string; readonly detail: string } | undefined> {
  for (const [sentence, check] of Object.entries(checks)) {
    // oxlint-disable-next-line no-await-in-loop -- in order, so that the same one is found each time.
    const detail = await whyBroken(check, look, observer)
    if (detail !== undefined) return { check: sentence, detail }
  }
  return undefined
}

/** Reads the databases of these servers. */
export function lookAt(servers: ReadonlyMap<string, DatabaseServer>): Look {
  const read = async (service: Named, text: string, params: readonly unknown[]): Promise<Row[]> => {
    const name = typeof service === 'string' ? service : service.name
    const server = servers.get(name)
    if (server === undefined) {
      const known = [...servers.keys()].join(', ')
      throw new HoldfastError('HF_USAGE', {
        detail: `a check reads the database of '${name}'; the services are ${known}`,
      })
    }
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
    (answer) => (answer === false ? 'is not true' : undefined),
    (error: unknown) => described(error),
  )
  return Promise.race([judged, timeless(TURNS_MAX)])
}

async function timeless(turns: number): Promise<string> {
  // oxlint-disable-next-line no-await-in-loop -- one after another is the point.
  for (let count = 0; count < turns; count += 1) await turn()
  return 'waits for time to pass, and none does'
}

function numbered(text: TemplateStringsArray): string {
  return text.reduce((whole, part, index) => `${whole}$${index}${part}`)
}
