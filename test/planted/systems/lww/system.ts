/**
 * One word in two places, each of which takes it and tells the other: the last one wins.
 *
 * Which is the last? Whoever writes knows what it has seen, so a version that is greater than the one
 * it replaces says it; two clocks do not.
 */
import {
  command,
  contract,
  event,
  query,
  type Service,
  service,
  sql,
  type SqlExecutor,
  system,
  when,
} from 'holdfast'
import { z } from 'zod'

const Word = z.object({ text: z.string(), version: z.number(), place: z.string() })

const place = {
  say: command({ input: z.object({ text: z.string() }), key: ({ text }) => text }),
  hear: query({ input: z.object({}), output: Word }),
  said: event({ payload: Word, key: () => 'word' }),
}

export const east = contract('east', place)
export const west = contract('west', place)

function placeService(own: typeof east, other: typeof east): Service {
  const { name } = own['~contract']
  return service(own, sql({ migrations: new URL('./migrations/', import.meta.url) }), {
    handle: {
      say: async ({ tx, input, emit }) => {
        const known = await current(tx)
        const word = { text: input.text, version: known.version + 1, place: name }
        await keepTheLater(tx, word)
        emit.said(word)
      },
      hear: async ({ db }) => current(db),
    },
    when: [when(other.said, async ({ tx, event: word }) => keepTheLater(tx, word))],
  })
}

async function current(executor: SqlExecutor): Promise<z.infer<typeof Word>> {
  const { rows } = await executor.query<z.infer<typeof Word>>(
    'select text, version, place from word',
  )
  return rows[0] ?? { text: '', version: 0, place: '' }
}

/** Of two words that did not know of each other, the place's name decides. */
async function keepTheLater(tx: SqlExecutor, word: z.infer<typeof Word>): Promise<void> {
  await tx.query(
    'update word set text = $1, version = $2, place = $3 where (version, place) < ($2, $3)',
    [word.text, word.version, word.place],
  )
}

export const places = system('places', {
  services: [placeService(east, west), placeService(west, east)],
})
