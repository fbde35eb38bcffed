/**
 * The inbox on every engine. Duplicates that meet are in database-concurrency.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claim, keepReply, migrate, openDatabase, prior } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { engines } from '../support/databases.ts'

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
}
