/**
 * Twelve clients count while the counter moves.
 */
import type { Outcome } from 'holdfast'
import type { Load, Scenario } from 'holdfast/sim'
import { directory, old, young } from './system.ts'

const COUNTS = 12
const TRIES_MAX = 500

/** Counts that were acknowledged. Each world begins with none. */
let acknowledged = 0

export const scenario: Scenario = {
  load: async (w) => {
    acknowledged = 0
    await insist(w, () => w.client(old).open.outcome({ total: 0, seen: [] }))
    await Promise.all([w.many(COUNTS, (n) => add(w, n)), move(w)])
  },

  settled: {
    'every count counts once': async ({ sql }) => {
      const [published] = await sql('directory')`select id from seen`
      const [shelf] = await sql(published === undefined ? 'old' : 'young')`select total from shelf`
      return shelf?.['total'] === acknowledged
    },
  },
}

async function move(w: Load): Promise<void> {
  await w.sleep('100ms')
  const copy = await insist(w, () => w.client(old).seal.outcome({}))
  await insist(w, () => w.client(young).open.outcome(copy))
  await insist(w, () => w.client(directory).publish.outcome({}))
}

/** Asks where the counter is, and counts there, until somebody has counted it. */
async function add(w: Load, n: number): Promise<void> {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const { owner } = await insist(w, () => w.client(directory).where.outcome({}))
    const { add: count } = owner === 'old' ? w.client(old) : w.client(young)
    // oxlint-disable-next-line no-await-in-loop -- as above.
    const { kind } = await count.outcome({ id: `c${n}` })
    if (kind === 'done') {
      acknowledged += 1
      return
    }
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('100ms')
  }
  throw new Error('nobody ever counted it')
}

async function insist<Op>(w: Load, ask: () => Promise<Outcome<Op>>) {
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one try after another.
    const outcome = await ask()
    if (outcome.kind === 'done') return outcome.value
    // oxlint-disable-next-line no-await-in-loop -- and a pause between them.
    await w.sleep('200ms')
  }
  throw new Error('nobody ever answered')
}
