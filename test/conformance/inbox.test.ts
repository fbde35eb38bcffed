/**
 * The inbox on every engine. Duplicates that meet are in database-concurrency.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { once } from '#edge'
import { isHoldfastError } from '#errors'
import { claim, type Database, keepReply, migrate, openDatabase, prior } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { engines } from '../support/databases.ts'
import { eventDatabase, eventSystem, manualWorld, siteOf } from '../support/event-world.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const bounds = { timeoutMs: 5_000 }

for (const engine of engines) {
  test(`${engine.name}: I3: a reply comes back to the byte`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)
    await migrate(database, [])
    const wanted = { scope: 'call:a.b:c', id: 'k', fingerprint: new Uint8Array([0, 1, 255]) }
    const reply = '{"b":1,  "a":1.0,"b":2,"é":"🌊"}'

    const claimed = await database.transaction(bounds, async (tx) => {
      const isFirst = await claim(tx, wanted)
      await keepReply(tx, wanted, { status: 201, reply })
      return isFirst
    })
    const again = await database.transaction(bounds, (tx) => claim(tx, wanted))

    assert.deepEqual([claimed, again], [true, false])
    assert.deepEqual(await prior(database, wanted), {
      state: 'done',
      fingerprint: Buffer.from([0, 1, 255]),
      status: 201,
      reply,
    })
    assert.equal(await prior(database, { ...wanted, scope: 'other' }), undefined)
  })

  test(`${engine.name}: I1: a claim whose transaction failed was never made`, async () => {
    await using fresh = await engine.fresh()
    const database = openDatabase(fresh, world)
    await migrate(database, [])
    const wanted = { scope: 's', id: 'k' }

    const failing = database.transaction(bounds, async (tx) => {
      await claim(tx, wanted)
      throw new RangeError('crashed')
    })

    await assert.rejects(failing, RangeError)
    assert.equal(await prior(database, wanted), undefined)
  })

  test(`${engine.name}: a key that was cancelled before its command came is never executed`, async () => {
    await using fresh = await engine.fresh()
    const database = await eventDatabase(fresh)
    const { system, orders: service } = eventSystem()
    const site = siteOf({ system, service }, { world: manualWorld(), database })
    const claimed = { scope: 'call:orders.touch:c', id: 'k' }
    let runs = 0
    await database.query(`insert into hf.inbox (scope, id, state) values ($1, $2, 'void')`, [
      claimed.scope,
      claimed.id,
    ])

    const late = once(site, { claim: claimed, timeoutMs: 5_000 }, async () => {
      runs += 1
      return { status: 200, reply: '', emissions: [], isRefused: false }
    })

    await assert.rejects(late, (error) => isHoldfastError(error, 'HF_KEY_CANCELLED'))
    assert.equal(runs, 0)
  })

  test(`${engine.name}: I3: the reply is there with the effect, though the process dies right after the commit`, async () => {
    await using fresh = await engine.fresh()
    const database = await eventDatabase(fresh)
    const { system, orders: service } = eventSystem()
    const dying: Database = {
      ...database,
      transaction: async (options, work) => {
        await database.transaction(options, work)
        throw new RangeError('died')
      },
    }
    const site = siteOf({ system, service }, { world: manualWorld(), database: dying })
    const wanted = { scope: 'call:orders.touch:c', id: 'k' }

    const first = once(site, { claim: wanted, timeoutMs: 5_000 }, async (tx) => {
      await tx.query(`insert into seen (key, n) values ('k', 1)`)
      return { status: 201, reply: 'done', emissions: [], isRefused: false }
    })
    await assert.rejects(first, RangeError)

    const kept = await prior(database, wanted)
    assert.equal((await database.query('select * from seen')).rowCount, 1)
    assert.deepEqual([kept?.status, kept?.reply], [201, 'done'])
  })
}
