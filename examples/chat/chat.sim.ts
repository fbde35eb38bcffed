/**
 * People in three places who talk with each other while the ways between them break.
 *
 * Each reads, answers what stands last or begins anew, and reads again. A message is written with one id
 * until it is known to be written, so nothing is said twice.
 */
import type { Load, Scenario } from 'holdfast/sim'
import { berlin, lima, type Message, tokyo } from './contract.ts'

const PEOPLE = 9
const MESSAGES = 3
const TRIES_MAX = 300

/** What was seen and said. Each world begins with nothing. */
let talk = { said: new Set<string>(), confusing: '' }

export const scenario: Scenario = {
  load: async (w) => {
    talk = { said: new Set(), confusing: '' }
    await w.many(PEOPLE, async (n) => {
      for (let message = 0; message < MESSAGES; message += 1) {
        // oxlint-disable-next-line no-await-in-loop -- a person says one thing after another.
        await answer(w, n, `p${n}-${message}`)
      }
    })
  },

  always: {
    'a reply is never shown before what it answers': () => {
      if (talk.confusing !== '') throw new Error(talk.confusing)
    },
  },

  settled: {
    'what was said is shown everywhere, in one order': async ({ sql }) => {
      const shown = await Promise.all(
        ['berlin', 'lima', 'tokyo'].map(async (site) => {
          const rows = await sql(site, 'select id from messages where shown order by stamp, id')
          return rows.map((row) => String(row['id']))
        }),
      )
      const [inBerlin = []] = shown
      return (
        [...talk.said].every((id) => inBerlin.includes(id)) &&
        shown.every((ids) => ids.join() === inBerlin.join())
      )
    },
  },

  sometimes: {
    'a reply waits for what it answers': async ({ sql }) => {
      const waiting = await sql('lima')`select id from messages where not shown`
      return waiting.length > 0
    },
  },
}

/** Reads, and answers what stands last, at least every other time. */
async function answer(w: Load, n: number, id: string): Promise<void> {
  const answers = (await read(w, n)).at(w.random.integer(2) - 1)?.id ?? null
  const message = { id, author: `p${n}`, words: `${id} answers ${answers ?? 'nobody'}`, answers }
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const { kind } = await siteOf(w, n).write.outcome(message)
    if (kind === 'done') talk.said.add(id)
    if (kind === 'done' || kind === 'refused') break
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
  await read(w, n)
}

async function read(w: Load, n: number): Promise<readonly Message[]> {
  const outcome = await siteOf(w, n).read.outcome({})
  const messages = outcome.kind === 'done' ? outcome.value.messages : []
  const seen = new Set<string>()
  for (const { id, answers } of messages) {
    if (answers !== null && !seen.has(answers)) talk.confusing = `${id} stands before ${answers}`
    seen.add(id)
  }
  return messages
}

/** A person stays in one place. */
function siteOf(w: Load, n: number) {
  return w.client([berlin, lima, tokyo][n % 3] ?? berlin)
}
