/**
 * Below the low-water mark of a partition nothing is left and nothing can come, whoever commits late.
 *
 * Method: transactions of the test hold their places on a real PostgreSQL while the mark rises; time is
 * the test's. PGlite has one session, and so no mark.
 */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Database } from '#state'
import { LowWater } from '../../src/edge/event/low-water.ts'
import { redrive } from '../../src/edge/event/dead-letter.ts'
import { exchange, type Queued } from '../../src/edge/event/queue.ts'
import { pglite, postgres } from '../support/databases.ts'
import { EDGE } from '../support/event-relays.ts'
import {
  clear,
  eventDatabase,
  HELD_MS,
  type ManualWorld,
  manualWorld,
} from '../support/event-world.ts'

const database = await eventDatabase(await postgres.fresh())
after(() => database.close())

const PARTITION = { edge: EDGE, part: 0 }
const INSERT = `insert into hf.outbox (edge, part, id, key, body, head)
  select '${EDGE}', 0, id, $2, '1', '{"event":"orders.placed"}' from unnest($1::text[]) as id`
const REMOVE = 'delete from hf.outbox where id = any($1::text[])'

/** An empty outbox, and its marks. */
async function started(over = database): Promise<{ world: ManualWorld; lowWater: LowWater }> {
  await clear(database)
  const world = manualWorld()
  return { world, lowWater: new LowWater(over, world.clock) }
}

/** Looks often enough for whatever may rise. */
async function risen(lowWater: LowWater, world: ManualWorld): Promise<bigint> {
  for (let looks = 0; looks < 4; looks += 1) {
    world.advance(250)
    await lowWater.rise([PARTITION])
  }
  return BigInt(lowWater.of(PARTITION))
}

/** What the relay would read now. */
async function readFrom(lowWater: LowWater): Promise<string[]> {
  const read: readonly Queued[] = await exchange(
    database,
    { edge: EDGE, parts: [0] },
    { limit: 10, skips: [], delivered: [], markOf: (partition) => lowWater.of(partition) },
  )
  return read.map(({ id }) => id)
}

async function seqOf(id: string): Promise<bigint> {
  const { rows } = await database.query<{ seq: string }>(
    'select seq::text from hf.outbox where id = $1',
    [id],
  )
  return BigInt(rows[0]?.seq ?? -1)
}

test('the mark passes what was delivered, and stops at what waits', async () => {
  const { world, lowWater } = await started()
  await database.query(INSERT, [['a', 'b', 'c'], ''])
  const waits = await seqOf('b')
  await database.query(REMOVE, [['a', 'c']])

  const before = await risen(lowWater, world)
  await database.query(REMOVE, [['b']])
  const afterwards = await risen(lowWater, world)

  assert.equal(before, waits)
  assert.ok(afterwards > waits, `${afterwards} is above ${waits}`)
})

test('W1: whoever drew a place early and commits late is read, however often the mark rose meanwhile', async () => {
  const { world, lowWater } = await started()
  const [drawn, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await database.query(INSERT, [['early'], ''])
  await risen(lowWater, world)
  const late = database.transaction({ timeoutMs: HELD_MS }, async (tx) => {
    await tx.query(INSERT, [['late'], ''])
    drawn.resolve()
    await gate.promise
  })
  await drawn.promise
  await database.query(INSERT, [['behind'], ''])
  await database.query(REMOVE, [['early', 'behind']])

  await risen(lowWater, world)
  gate.resolve()
  await late

  assert.deepEqual(await readFrom(lowWater), ['late'])
  assert.equal(await risen(lowWater, world), await seqOf('late'))
})

test('W2: whoever draws a place between two of the looks is waited for', async () => {
  const [drawn, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let late: Promise<void> | undefined
  let looks = 0
  const meddled: Database = {
    ...database,
    query: async (...statement) => {
      looks += 1
      if (looks === 2) {
        late = database.transaction({ timeoutMs: HELD_MS }, async (tx) => {
          await tx.query(INSERT, [['late'], ''])
          drawn.resolve()
          await gate.promise
        })
        await drawn.promise
        await database.query(INSERT, [['behind'], ''])
        await database.query(REMOVE, [['behind']])
      }
      return database.query(...statement)
    },
  }
  const { world, lowWater } = await started(meddled)

  await risen(lowWater, world)
  gate.resolve()
  await late

  assert.deepEqual(await readFrom(lowWater), ['late'])
})

test('W1: many writers that commit in any order leave nothing below the mark', async () => {
  const { world, lowWater } = await started()
  const end = new AbortController()
  const write = async (n: number): Promise<void> => {
    const ids = [`${n}.0`, `${n}.1`]
    await database.transaction({ timeoutMs: HELD_MS }, async (tx) => {
      await tx.query(INSERT, [[`${n}.0`], ''])
      await tx.query('select pg_sleep($1)', [((n * 7) % 5) / 500])
      await tx.query(INSERT, [[`${n}.1`], ''])
    })
    assert.deepEqual(await readBelow(ids), [], 'nothing was passed over')
    // So that the mark is held down by the writers alone.
    await database.query(REMOVE, [ids])
  }
  // What was committed and stands below the mark: the relay would never see it.
  const readBelow = async (ids: readonly string[]): Promise<string[]> => {
    const { rows } = await database.query<{ id: string }>(
      'select id from hf.outbox where id = any($1::text[]) and seq < $2',
      [ids, lowWater.of(PARTITION)],
    )
    return rows.map(({ id }) => id)
  }

  const lanes = Array.from({ length: 12 }, async (_, lane) => {
    for (let n = 0; n < 12; n += 1) await write(lane * 100 + n)
  })
  const all = Promise.all(lanes).finally(() => end.abort())
  while (!end.signal.aborted) {
    world.advance(250)
    await lowWater.rise([PARTITION])
  }
  await all

  assert.ok((await risen(lowWater, world)) > 0n)
})

test('a redriven letter below the mark is read, and before what its key emitted after it', async () => {
  const { world, lowWater } = await started()
  await database.query(INSERT, [['dead', 'next'], 'k'])
  await database.query(
    `update hf.outbox set due_at = 'infinity', error = 'HF_X: no' where id = 'dead'`,
  )
  assert.ok((await risen(lowWater, world)) > (await seqOf('dead')))

  await redrive(database, {}, { by: 'ada', reason: 'repaired' })

  assert.deepEqual(await readFrom(lowWater), ['dead'])
  await database.query(REMOVE, [['dead']])
  assert.deepEqual(await readFrom(lowWater), ['next'])
})

test('W3: what was put below the mark by hand is found by the look from the front', async () => {
  const { world, lowWater } = await started()
  await database.query(INSERT, [['by hand', 'other'], ''])
  await database.query(`update hf.outbox set due_at = now() + interval '1 hour'`)
  await risen(lowWater, world)
  await database.query(`update hf.outbox set due_at = null where id = 'by hand'`)
  await risen(lowWater, world)
  assert.deepEqual(await readFrom(lowWater), [])

  world.advance(60_000)
  await risen(lowWater, world)

  assert.deepEqual(await readFrom(lowWater), ['by hand'])
})

test('W3: a sequence that went back forgets the marks', async () => {
  const { world, lowWater } = await started()
  await database.query(`select setval('hf.seq', 5000)`)
  assert.ok((await risen(lowWater, world)) >= 5_000n)

  await database.query(`select setval('hf.seq', 100)`)
  await database.query(INSERT, [['again'], ''])
  await risen(lowWater, world)

  assert.deepEqual(await readFrom(lowWater), ['again'])
})

test('a database with one session is asked nothing', async () => {
  await using fresh = await pglite.fresh()
  const alone = await eventDatabase(fresh)
  const world = manualWorld()
  let asked = 0
  const lowWater = new LowWater(
    { ...alone, query: async (...statement) => ((asked += 1), alone.query(...statement)) },
    world.clock,
  )

  assert.equal(await risen(lowWater, world), 0n)
  assert.equal(asked, 0)
})
