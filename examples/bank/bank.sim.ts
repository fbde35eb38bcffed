/**
 * Two customers empty one account, again and again, in a hostile world.
 */
import type { Outcome } from 'holdfast'
import type { Load, Scenario } from 'holdfast/sim'
import { bank } from './contract.ts'

const TRANSFERS = 30
const TRIES_MAX = 200

/** The transfers that were acknowledged. Each world begins with none. */
let acknowledged = new Set<string>()

export const scenario: Scenario = {
  load: async (w) => {
    acknowledged = new Set()
    await w.many(TRANSFERS, (n) => transfer(w, n))
  },

  always: {
    'money is neither made nor lost': async ({ sql }) => {
      const [sum] = await sql('bank')`select sum(cents)::int as cents from accounts`
      return sum?.['cents'] === 3_000
    },
    'no account is overdrawn': async ({ sql }) => {
      const overdrawn = await sql('bank')`select id from accounts where cents < 0`
      return overdrawn.length === 0
    },
  },

  settled: {
    'every acknowledged transfer is booked': async ({ sql }) => {
      const booked = new Set((await sql('bank')`select id from transfers`).map((row) => row['id']))
      return [...acknowledged].every((id) => booked.has(id))
    },
  },

  sometimes: {
    'an account is empty': async ({ sql }) => {
      const empty = await sql('bank')`select id from accounts where cents < 100`
      return empty.length > 0
    },
  },
}

/** Insists until the bank has answered: with one id, that is safe. */
async function transfer(w: Load, n: number): Promise<void> {
  const id = `t${n}`
  const source = w.random.pick<'ada' | 'ben' | 'cleo'>(['ada', 'ben', 'cleo'])
  const target = source === 'ada' ? 'ben' : 'ada'
  const cents = 100 + w.random.integer(400)
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const outcome: Outcome<typeof bank.transfer> = await w
      .client(bank)
      .transfer.outcome({ id, source, target, cents })
    if (outcome.kind === 'done') acknowledged.add(id)
    if (outcome.kind === 'done' || outcome.kind === 'refused') return
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
}
