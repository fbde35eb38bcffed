/**
 * Six travellers and three seats.
 */
import type { Load, Scenario } from 'holdfast/sim'
import { trips } from './system.ts'

const TRAVELLERS = 6
const TRIES_MAX = 500

export const scenario: Scenario = {
  load: async (w) => w.many(TRAVELLERS, (n) => book(w, n)),

  settled: {
    'a seat is paid for, and nothing else is': async ({ sql }) => {
      const [purse] = await sql('purse')`select (1000 - cents) / 100 as paid from purse`
      const [seats] = await sql('seats')`select count(*)::int as taken from seat`
      return purse?.['paid'] === seats?.['taken']
    },
    'who was told of a seat has one': async ({ sql }) => {
      const told = await sql('trips')`select id from booked where seated order by id`
      const taken = await sql('seats')`select id from seat order by id`
      return JSON.stringify(told) === JSON.stringify(taken)
    },
  },
}

async function book(w: Load, n: number): Promise<void> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const { kind } = await w.client(trips).book.outcome({ id: `t${n}` })
    if (kind === 'done') return
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
}
