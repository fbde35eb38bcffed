/**
 * Somebody travels between two places, and says something new wherever the last word was heard.
 */
import type { Outcome } from 'holdfast'
import type { Load, Scenario } from 'holdfast/sim'
import { east, west } from './system.ts'

const WORDS = 8
const TRIES_MAX = 300

/** The last word, whose speaker had heard all before it. Each world begins with none. */
let last = ''

export const scenario: Scenario = {
  load: async (w) => {
    last = ''
    for (let word = 1; word <= WORDS; word += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one word after another.
      await travel(w, word)
    }
  },

  settled: {
    'both places agree on the last word': async ({ sql }) => {
      const [inEast] = await sql('east')`select text from word`
      const [inWest] = await sql('west')`select text from word`
      return inEast?.['text'] === last && inWest?.['text'] === last
    },
  },
}

/** Goes where the last word was not said, waits until it is heard there, and says the next. */
async function travel(w: Load, word: number): Promise<void> {
  const here = w.client(word % 2 === 0 ? west : east)
  const text = `word ${word}`
  let hasHeard = last === ''
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    hasHeard ||= await hears(() => here.hear.outcome({}))
    // oxlint-disable-next-line no-await-in-loop -- as above.
    if (hasHeard && (await here.say.outcome({ text })).kind === 'done') {
      last = text
      return
    }
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
}

async function hears(hear: () => Promise<Outcome<typeof east.hear>>): Promise<boolean> {
  const outcome = await hear()
  return outcome.kind === 'done' && outcome.value.text === last
}
