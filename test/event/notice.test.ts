/**
 * Word across processes: two of them have one outbox, and only one may carry it.
 *
 * Method: PostgreSQL, on which a notice travels in real time. The clock of the relay that carries stands
 * still, so that it would never look by itself.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { type Database, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { Relays, recorder } from '../support/event-relays.ts'
import { clear, emitSteps, eventDatabase, manualWorld, waiting } from '../support/event-world.ts'

const real = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const url = await freshPostgresUrl()
const database = await eventDatabase(connectPostgres({ url }))
const [one, other] = [1, 2].map(() => openDatabase(connectPostgres({ url }), real))
assert.ok(one && other)
after(() => Promise.all([database, one, other].map((each) => each.close())))
const relays = new Relays(database)

/** Lets real time pass until it is so. */
async function comes(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const startedMs = nodeClock.monotonicMs()
  while (!(await isSo())) {
    assert.ok(nodeClock.monotonicMs() - startedMs < 20_000, 'it does not come')
    await turn()
  }
}

const listeners = async (): Promise<number> => {
  const { rows } = await database.query<{ n: number }>(
    `select count(*)::int as n from pg_stat_activity
     where query = 'listen hf_outbox' and datname = current_database()`,
  )
  return rows[0]?.n ?? 0
}

describe('notice between processes', () => {
  beforeEach(() => clear(database))
  afterEach(() => relays.stop())

  test('a commit in one process wakes the relay of another that holds the lease', async () => {
    const [carrying, emitting] = [manualWorld(), manualWorld()]
    const broker = recorder()
    const holder = relays.start(broker, carrying, one)
    await comes(() => holder.site.facts.some((each) => each.fact === 'lease'))
    const { site } = relays.start(recorder(), emitting, other)
    await comes(async () => (await listeners()) === 2)

    await emitSteps(site, 'placed', [{ key: 'a', n: 1 }])
    await comes(() => {
      emitting.advance(20)
      return broker.sent.length === 2
    })

    assert.equal(carrying.clock.monotonicMs(), 0, 'it did not look by itself')
    await comes(async () => (await waiting(database)) === 0)
  })

  test('H1: a process that holds every partition tells nobody', async () => {
    const world = manualWorld()
    const asked: string[] = []
    const watched: Database = {
      exclusive: false,
      query: (text, params, options) => {
        asked.push(text)
        return one.query(text, params, options)
      },
      transaction: (options, work) => one.transaction(options, work),
      hear: (channel, heard) => one.hear?.(channel, heard),
      close: () => one.close(),
    }
    const holder = relays.start(recorder(), world, watched)
    await comes(() => holder.site.facts.some((each) => each.fact === 'lease'))
    await comes(async () => (await listeners()) === 1)
    asked.length = 0

    await emitSteps(holder.site, 'placed', [{ key: 'a', n: 1 }])
    await comes(async () => {
      world.advance(20)
      return (await waiting(database)) === 0
    })

    assert.ok(asked.length > 0)
    assert.deepEqual(
      asked.filter((text) => text.includes('pg_notify')),
      [],
    )
  })

  test('a listener that was cut off comes back by itself', async () => {
    relays.start(recorder(), manualWorld(), one)
    await comes(async () => (await listeners()) === 1)

    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where query = 'listen hf_outbox'`,
    )
    await comes(async () => (await listeners()) === 0)

    await comes(async () => (await listeners()) === 1)
  })
})
