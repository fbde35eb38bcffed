/**
 * Customers who insist, two who use one id for two things, and some who must not ask twice.
 */
import type { Outcome } from 'holdfast'
import type { Load, Scenario } from 'holdfast/sim'
import { till } from './contract.ts'

const DEPOSITS = 12
const WITHDRAWALS = 4
const TICKS = 8
const TRIES_MAX = 60

/** What customers were told. Each world begins with nothing. */
let known = { deposits: new Map<string, string>(), ticks: 0, disagreements: 0, unanswered: 0 }

export const scenario: Scenario = {
  // All but `duplicate`: a network that doubles a request doubles what has no key, whoever is right.
  faults: [
    'loss',
    'lost-answer',
    'delay',
    'crash',
    'pause',
    'partition',
    'one-way-partition',
    'flapping',
    'skew',
    'jump',
    'connection-lost',
    'sql-error',
  ],

  load: async (w) => {
    known = { deposits: new Map(), ticks: 0, disagreements: 0, unanswered: 0 }
    await Promise.all([
      w.many(DEPOSITS, (n) => deposit(w, n)),
      w.many(WITHDRAWALS, (n) => withdraw(w, n)),
      w.many(TICKS, () => tick(w)),
    ])
  },

  always: {
    'an account holds what was put into it': async ({ sql }) => {
      const wrong = await sql('till')`
        select name from account where cents < 0 or cents <>
          (select coalesce(sum(cents), 0) from entry where account = name)`
      return wrong.length === 0
    },
    'one id is booked once': async ({ sql }) => {
      const twice = await sql('till')`select id from entry group by id having count(*) > 1`
      return twice.length === 0
    },
    'nobody ticks twice': async ({ sql }) => {
      const [meter] = await sql('till')`select ticks from meter`
      return Number(meter?.['ticks']) <= TICKS
    },
    'the auditor hears of each deposit once and in order': async ({ sql }) => {
      const heard = await sql('audit')`
        select 1 from (select number, row_number() over (partition by account order by seq) as place
                       from heard) as each
        where number <> place`
      return heard.length === 0
    },
  },

  settled: {
    'whoever was told of a deposit has it': async ({ sql }) => {
      const rows = await sql('till')`select id, account || ' ' || cents as line from entry`
      const booked = new Map(rows.map((row) => [row['id'], row['line']]))
      return [...known.deposits].every(([id, line]) => booked.get(id) === line)
    },
    'whoever insists is answered': () => known.unanswered === 0,
    'one id has one answer': () => known.disagreements === 0,
    'what was told of a tick is true': async ({ sql }) => {
      const [meter] = await sql('till')`select ticks from meter`
      return Number(meter?.['ticks']) >= known.ticks
    },
    'the auditor knows of all deposits': async ({ sql }) => {
      const [made] = await sql('till')`select sum(deposits)::int as count from account`
      const [heard] = await sql('audit')`select count(*)::int as count from heard`
      return made?.['count'] === heard?.['count']
    },
  },
}

/** Every third customer uses the id of the one before, for another amount, and must be refused. */
async function deposit(w: Load, n: number): Promise<void> {
  const isImpostor = n % 3 === 2
  const id = `d${isImpostor ? n - 1 : n}`
  const account = w.random.pick<'ada' | 'ben'>(['ada', 'ben'])
  const input = { id, account, cents: 100 + n }
  const first = await insist(w, () => w.client(till).deposit.outcome(input))
  if (first?.kind !== 'done') return
  if (known.deposits.has(id)) known.disagreements += 1
  known.deposits.set(id, `${account} ${input.cents}`)
  const again = await insist(w, () => w.client(till).deposit.outcome(input))
  if (again?.kind !== 'done' || again.value.number !== first.value.number) known.disagreements += 1
}

async function withdraw(w: Load, n: number): Promise<void> {
  const account = w.random.pick<'ada' | 'ben'>(['ada', 'ben'])
  const input = { id: `w${n}`, account, cents: 250 }
  await insist(w, () => w.client(till).withdraw.outcome(input))
}

/** Asks again only where it is certain that nothing was done. */
async function tick(w: Load): Promise<void> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const { kind } = await w.client(till).tick.outcome({})
    if (kind === 'done') known.ticks += 1
    if (kind !== 'unsent') return
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
}

/** Asks until there is an answer; a key that belongs to another is one, too. */
async function insist<Op>(
  w: Load,
  ask: () => Promise<Outcome<Op>>,
): Promise<Outcome<Op> | undefined> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const outcome = await ask()
    if (outcome.kind === 'done' || outcome.kind === 'refused') return outcome
    if ('error' in outcome && outcome.error.code === 'HF_KEY_REUSED') return outcome
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('1s')
  }
  known.unanswered += 1
  return undefined
}
