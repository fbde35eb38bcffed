/**
 * What the relay reads and takes out in one statement, and which partitions travel as one.
 */
import assert from 'node:assert/strict'
import { after, afterEach, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { HoldfastError } from '#errors'
import type { Database } from '#state'
import type { Broker } from '../../src/edge/event/broker.ts'
import { partitionOf } from '../../src/edge/event/partition.ts'
import { exchange, postpone, type Queued } from '../../src/edge/event/queue.ts'
import { engines } from '../support/databases.ts'
import { EDGE, recorder, Relays } from '../support/event-relays.ts'
import {
  clear,
  emitSteps,
  eventDatabase,
  manualWorld,
  until,
  waiting,
} from '../support/event-world.ts'

const ALL = { edge: EDGE, parts: [0, 1, 2, 3] }
const LIMIT = { limit: 100, skips: [] }

/** One key of each partition. */
const keys = [0, 1, 2, 3].map((part) => {
  for (let n = 0; ; n += 1) {
    const key = `k${n}`
    if (partitionOf({ key, id: '' }) === part) return key
  }
})

const idsOf = (messages: readonly Queued[]): string[] => messages.map(({ id }) => id)

/** A broker that carries several as one, and what it carried; `fails` says what it does not. */
const carrier = (fails: (ids: readonly string[]) => boolean = () => false) => {
  const requests: string[][] = []
  const carry = async (ids: string[]): Promise<void> => {
    requests.push(ids)
    if (fails(ids)) throw new HoldfastError('HF_HANDLER_FAILED', { detail: 'no' })
  }
  const broker: Broker = {
    ...recorder(),
    deliver: (_, { id }) => carry([id]),
    deliverAll: (_, messages) => carry(messages.map(({ id }) => id)),
  }
  return { broker, requests }
}

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const relays = new Relays(database)

  /** Writes rows `m0`, `m1`, ... with these keys, in the partitions of their keys. */
  const write = async (keysOfRows: readonly string[], body = '1'): Promise<void> => {
    for (const [n, key] of keysOfRows.entries()) {
      await database.query(
        `insert into hf.outbox (edge, part, id, key, body, head) values ($1, $2, $3, $4, $5, $6)`,
        [EDGE, partitionOf({ key, id: '' }), `m${n}`, key, body, '{"event":"orders.placed"}'],
      )
    }
  }

  describe(`exchange on ${engine.name}`, () => {
    beforeEach(() => clear(database))
    afterEach(() => relays.stop())

    test('what was delivered is taken out, and what comes next is read, over all partitions', async () => {
      await write(['a', 'b', 'c', 'd', 'e', 'f'])
      const limit = { limit: 1, skips: [] }
      const first = await exchange(database, ALL, { ...limit, delivered: [] })

      const second = await exchange(database, ALL, { ...limit, delivered: first })
      const rest = await exchange(database, ALL, { ...LIMIT, delivered: second })

      assert.deepEqual([...first, ...second, ...rest].map(({ id }) => id).toSorted(), [
        'm0',
        'm1',
        'm2',
        'm3',
        'm4',
        'm5',
      ])
      assert.deepEqual(idsOf(first), idsOf(first).toSorted(), 'in the order of seq')
      assert.equal(await waiting(database), rest.length)
    })

    test('a key whose failed message was delivered is free in the same statement', async () => {
      await write(['a', 'a'])
      const [failed] = await exchange(database, ALL, { ...LIMIT, delivered: [] })
      assert.ok(failed)
      const { part, seq } = failed
      await postpone(database, EDGE, [{ part, seq, error: 'no', attempts: 1, delayMs: 0 }])
      const again = await exchange(database, ALL, { ...LIMIT, delivered: [] })
      assert.deepEqual(idsOf(again), ['m0'])

      const next = await exchange(database, ALL, { ...LIMIT, delivered: again })

      assert.deepEqual(idsOf(next), ['m1'])
    })

    test('a reading holds two megabytes of a partition, and the message that goes beyond', async () => {
      await write(['a', 'a', 'a', 'a', 'a'], JSON.stringify('x'.repeat(900_000)))

      const read = await exchange(database, ALL, { ...LIMIT, delivered: [] })

      assert.deepEqual(idsOf(read), ['m0', 'm1', 'm2'])
    })

    test('while all is well, all partitions of an edge are sent as one', async () => {
      const { broker, requests } = carrier()
      await write(keys)

      relays.start(broker, manualWorld())
      await until(manualWorld(), async () => (await waiting(database)) === 0)

      assert.deepEqual(requests, [['m0', 'm1', 'm2', 'm3']])
    })

    test('V2: after a failure the partitions go apart, and the failing one holds up no other', async () => {
      const { broker, requests } = carrier((ids) => ids.includes('m2'))
      await write([...keys, ...keys])
      const world = manualWorld()

      relays.start(broker, world)
      await until(world, async () => (await waiting(database)) === 2)

      assert.deepEqual(requests[0], ['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7'])
      const apart = new Set(requests.slice(1).map(String))
      assert.deepEqual(
        ['m0,m4', 'm1,m5', 'm2,m6', 'm3,m7'].filter((pair) => !apart.has(pair)),
        [],
      )
    })

    test('whoever wakes the relay while it reads for the last time need not wait for a poll', async () => {
      const { broker, requests } = carrier()
      const world = manualWorld()
      let readings = 0
      const meddled: Database = {
        ...database,
        query: async (text, params, options) => {
          const rows = await database.query(text, params, options)
          if (text.includes('cross join lateral') && String(params?.[0]) === EDGE) {
            readings += 1
            // Behind the snapshot of the reading that finds nothing, and before the relay knows it.
            if (readings === 2) await emitSteps(site, 'placed', [{ key: 'k', n: 2 }])
            await turn()
          }
          // The rows are those of the statement that was asked for.
          return rows as never
        },
      }
      const { site } = relays.start(broker, world, meddled)
      const { clock } = world
      await until(world, () => site.facts.some(({ fact }) => fact === 'lease'))
      const startedMs = clock.monotonicMs()

      await emitSteps(site, 'placed', [{ key: 'k', n: 1 }])
      await until(world, () => requests.length === 4)

      assert.ok(clock.monotonicMs() - startedMs < 400, 'a poll comes after 500 ms')
    })
  })
}
