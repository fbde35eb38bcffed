/**
 * Which statements the framework itself sends, found out by letting it send them.
 *
 * Intuition: a database that has just been set back knows no statement, so that the first use of each
 * costs one to four milliseconds of parsing, planning and reading the catalogue, in every seed anew. So
 * one small service is run before the first seed: it is asked, something happens, and it hears of it. What
 * it sends to its database is prepared in every picture that is taken from then on.
 *
 * Invariants:
 *   H1. The statements depend on nothing but the framework: not on the user's system, nor on the seeds
 *       that ran before. Otherwise two processes would not agree on a seed.
 *   H2. No statement of a user's is among them, since nothing here sends one.
 */
import {
  command,
  contract,
  event,
  type Schema,
  service,
  sql,
  type System,
  system,
  when,
} from '#model'
import type { Postgres } from './postgres.ts'
import type { Fleet } from './fleet.ts'
import { Run } from '../run.ts'

/** The seed of the rehearsal. Any will do, as it has no faults. */
const SEED = 1

/** Longer than every interval at which the framework looks after its tables while something happens. */
const DURATION = '40s'

/** Statements that are learned at most; the framework has some thirty. */
const STATEMENTS_MAX = 256

const anything: Schema<string> = {
  '~standard': { version: 1, vendor: 'holdfast', validate: (value) => ({ value: String(value) }) },
}

/** Never read: the database is given with nothing but the framework's own tables. */
const NOWHERE = new URL('file:///nowhere/')

const speaker = contract('speaker', {
  speak: command({ input: anything, key: (words) => words }),
  said: event({ payload: anything, key: (words) => words }),
})

const monologue: System = system('rehearsal', {
  services: [
    service(speaker, sql({ migrations: NOWHERE }), {
      handle: {
        speak: ({ input, emit }) => {
          emit.said(input)
        },
      },
      when: [when(speaker.said, () => {})],
    }),
  ],
})

/** The texts of the statements, in the order of their first use. */
export async function rehearsed(fleet: Fleet): Promise<readonly string[]> {
  const texts = new Set<string>()
  const [database] = await fleet.fresh([[]])
  const [speaking] = monologue.services
  if (database === undefined || speaking === undefined) return []
  const { name } = speaking
  const tenants = [{ name, service: speaking }]
  const prepared = { name, migrations: [], tenants, postgres: listenedTo(database, texts) }
  await new Run(SEED, monologue, [prepared], {
    duration: DURATION,
    faults: [],
    load: async (w) => {
      const { speak } = w.client(speaker)
      await speak('one')
      // With the same key: it finds its answer.
      await speak('one')
      await w.sleep(DURATION)
    },
  }).finish()
  return [...texts].slice(0, STATEMENTS_MAX)
}

/** The database, with every parameterised statement noted. */
function listenedTo(postgres: Postgres, texts: Set<string>): Postgres {
  return {
    query: (text, params, shape) => {
      texts.add(text)
      return postgres.query(text, params, shape)
    },
    script: (text) => postgres.script(text),
    get isInTransaction() {
      return postgres.isInTransaction
    },
    seed: (bits) => postgres.seed(bits),
    keep: async (statements) => postgres.keep(statements),
    restore: async (kept) => postgres.restore(kept),
    files: async () => postgres.files(),
  }
}
