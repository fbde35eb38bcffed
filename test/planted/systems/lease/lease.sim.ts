/**
 * Two workers take turns, as fast as the lease lets them.
 */
import type { Scenario } from 'holdfast/sim'
import { one, two } from './system.ts'

const TURNS = 10

export const scenario: Scenario = {
  load: async (w) =>
    w.many(2, async (n) => {
      const [own, holder] = n === 0 ? [one, 'one'] : [two, 'two']
      for (let turn = 0; turn < TURNS; turn += 1) {
        // oxlint-disable-next-line no-await-in-loop -- one turn after another.
        await w.client(own).work.outcome({ holder, turn })
        // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
        await w.sleep('100ms')
      }
    }),

  always: {
    'what a new holder wrote is not followed by what an old one wrote': async ({ sql }) => {
      const older = await sql('vault')`
        select 1 from written as late join written as early on early.seq < late.seq
        where early.token > late.token`
      return older.length === 0
    },
    'one token belongs to one holder': async ({ sql }) => {
      const shared = await sql('vault')`
        select token from written group by token having count(distinct holder) > 1`
      return shared.length === 0
    },
  },
}
