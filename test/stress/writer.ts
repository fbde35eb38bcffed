/**
 * One writer of the stress run: transactions that do everything that has ever broken an outbox.
 *
 * Each draws its transaction id early and its place in the outbox late, opens savepoints and undoes
 * some of them, fails at the end one time in twenty, and sleeps between drawing `seq` and the commit.
 * What it believes to have committed stands in `written`, in the same transaction.
 */
import { once } from '#edge'
import type { Database, Statement, Transaction } from '#state'
import { nodeRandom, nodeTimers, randomInteger, sleep, uuid } from '#world'
import { type Emission, emitter } from '../../src/edge/event/emission.ts'
import type { Site } from '../../src/edge/site.ts'
import { type Mark, writers } from './system.ts'

/** How a writer behaves. */
export interface WriterOptions {
  /** Events of all writers together; the last transaction may write a few more. */
  readonly events: number
  readonly keys: number
  /** Longest pause in a transaction, in ms; 0: none. */
  readonly pauseMsMax: number
  readonly failShare: number
  readonly savepoints: boolean
}

/** What all writers did so far. */
export interface Written {
  events: number
  rolledBack: number
}

class Regret extends Error {}

/** Most events of one transaction. */
const EVENTS_A_TRANSACTION_MAX = 5

/** The longest that a transaction may take. */
const TRANSACTION_MS_MAX = 30_000

/** Writes until all writers together have written enough. */
export async function write(site: Site, options: WriterOptions, written: Written): Promise<void> {
  const paused = { ...site, database: pausing(site.database, options) }
  while (written.events < options.events) {
    const marks = freshMarks(options.keys)
    // Counted before, so that the writers together do not overshoot.
    written.events += marks.length
    try {
      await once(paused, { claim: undefined, timeoutMs: TRANSACTION_MS_MAX }, async (tx) => ({
        status: 200,
        reply: undefined,
        emissions: await inOneTransaction(tx, marks, options),
        isRefused: false,
      }))
    } catch (error) {
      if (!(error instanceof Regret)) throw error
      written.events -= marks.length
      written.rolledBack += marks.length
    }
  }
}

function freshMarks(keys: number): Mark[] {
  return Array.from({ length: 1 + randomInteger(nodeRandom, EVENTS_A_TRANSACTION_MAX) }, () => ({
    id: uuid(nodeRandom, 0),
    // One event in five has no order.
    key: nodeRandom.float() < 0.2 ? '' : `k${randomInteger(nodeRandom, keys)}`,
  }))
}

async function inOneTransaction(
  tx: Transaction,
  marks: readonly Mark[],
  options: WriterOptions,
): Promise<readonly Emission[]> {
  const emitted = emitter(writers)
  if (options.savepoints) {
    await tx.query('insert into effort values (1)')
    await pause(options)
    if (nodeRandom.float() < 0.3) await undone(tx)
  }
  await tx.query('insert into written (id, key) select * from unnest($1::text[], $2::text[])', [
    marks.map(({ id }) => id),
    marks.map(({ key }) => key),
  ])
  for (const mark of marks) emitted.emit[mark.key === '' ? 'loose' : 'kept']?.(mark)
  return emitted.collect()
}

async function undone(tx: Transaction): Promise<void> {
  await tx.savepoint(async () => {
    await tx.query('insert into effort values (2)')
    return { keep: nodeRandom.float() < 0.5, value: undefined }
  })
}

/**
 * The database, with a pause between the last statement and the commit, which some do not survive. What
 * would be sent together with COMMIT is sent before the pause by half of the transactions.
 */
function pausing(database: Database, options: WriterOptions): Database {
  return {
    exclusive: database.exclusive,
    query: (text, params, limits) => database.query(text, params, limits),
    transaction: (limits, work) =>
      database.transaction(limits, async (tx) => {
        const early: Statement[] = []
        const isEarly = nodeRandom.float() < 0.5
        const value = await work({
          query: (text, params) => tx.query(text, params),
          script: (text) => tx.script(text),
          savepoint: (inside) => tx.savepoint(inside),
          beforeCommit: (statement) => {
            if (isEarly) early.push(statement)
            else tx.beforeCommit(statement)
          },
        })
        for (const { text, params } of early) await tx.query(text, params)
        await pause(options)
        if (nodeRandom.float() < options.failShare) throw new Regret('rolled back on purpose')
        return value
      }),
    close: () => database.close(),
  }
}

async function pause({ pauseMsMax }: WriterOptions): Promise<void> {
  if (pauseMsMax > 0) await sleep(nodeTimers, nodeRandom.float() * pauseMsMax)
}
