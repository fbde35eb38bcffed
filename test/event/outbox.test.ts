import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { flush } from '../../src/edge/event/outbox.ts'
import { once } from '../../src/edge/once.ts'
import { engines } from '../support/databases.ts'
import {
  clear,
  emitSteps,
  eventDatabase,
  eventSystem,
  manualWorld,
  siteOf,
  waiting,
} from '../support/event-world.ts'

const placed = (key: string, n: number) => ({ event: 'placed', key, payload: { key, n } })

for (const engine of engines) {
  const database = await eventDatabase(await engine.fresh())
  after(() => database.close())
  const { system, orders: service } = eventSystem()
  const site = () => siteOf({ system, service }, { world: manualWorld(), database })

  async function lockIsAwaited(isHopeless: () => boolean): Promise<void> {
    for (let turns = 0; turns < 2_000; turns += 1) {
      const { rows } = await database.query(
        `select 1 from pg_locks where locktype = 'advisory' and not granted`,
      )
      if (rows.length > 0 || isHopeless()) return
      await turn()
    }
    assert.fail('nobody waits for the lock of the key')
  }

  describe(`outbox on ${engine.name}`, () => {
    beforeEach(() => clear(database))

    test('a message has one row for each subscriber, and one id', async () => {
      const orders = site()

      await emitSteps(orders, 'placed', [{ key: 'a', n: 1 }])

      const { rows } = await database.query<{ edge: string; id: string }>(
        'select edge, id from hf.outbox order by edge',
      )
      assert.deepEqual(
        rows.map((row) => row.edge),
        ['orders>inventory', 'orders>mail'],
      )
      assert.equal(rows[0]?.id, rows[1]?.id)
      const [fact] = orders.facts
      assert.ok(fact?.fact === 'emitted')
      assert.deepEqual(fact.edges, ['orders>inventory', 'orders>mail'])
    })

    test('an event that nobody subscribes to writes no row', async () => {
      await emitSteps(site(), 'unheard', [{ key: 'a', n: 1 }])

      assert.equal(await waiting(database), 0)
    })

    test('seq follows the order in which the handler emitted, over all keys', async () => {
      const steps = Array.from({ length: 50 }, (_, n) => ({ key: `k${n % 7}`, n }))

      await emitSteps(site(), 'placed', steps)

      const { rows } = await database.query<{ n: number }>(
        `select (body ->> 'n')::int as n from hf.outbox where edge = 'orders>mail' order by seq`,
      )
      assert.deepEqual(
        rows.map((row) => row.n),
        steps.map((step) => step.n),
      )
    })

    test('a payload may be null, and keeps what JSON can say', async () => {
      const payload = { text: `it's "quoted" \\ {,} é 🙂`, nothing: null, list: [1.5, []] }

      await database.transaction({ timeoutMs: 5_000 }, (tx) =>
        flush(site(), tx, [
          { event: 'noted', key: '', payload: null },
          { event: 'noted', key: '', payload },
        ]),
      )

      const { rows } = await database.query('select body from hf.outbox order by seq')
      assert.deepEqual(rows, [{ body: null }, { body: payload }])
    })

    test('X1: a transaction that is rolled back leaves no row, no fact and wakes nobody', async () => {
      const orders = site()
      let wakes = 0
      const watched = { ...orders, wake: () => (wakes += 1) }

      await assert.rejects(
        once(watched, { claim: { scope: 's', id: '1' }, timeoutMs: 5_000 }, async (tx) => {
          await flush(watched, tx, [placed('a', 1)])
          throw new Error('the handler changed its mind')
        }),
        /changed its mind/,
      )

      assert.equal(await waiting(database), 0)
      assert.deepEqual(orders.facts, [])
      assert.equal(wakes, 0)
    })

    test('X1: the row of the effect and the row of its message are written by one transaction', async () => {
      await once(site(), { claim: { scope: 's', id: '1' }, timeoutMs: 5_000 }, async () => ({
        status: 200,
        reply: '',
        emissions: [placed('a', 1)],
        isRefused: false,
      }))

      const { rows } = await database.query(
        `select distinct inbox.xmin = outbox.xmin as one from hf.inbox, hf.outbox`,
      )
      assert.deepEqual(rows, [{ one: true }])
    })

    test('X4: the relay is woken after the commit, when it can see the rows', async () => {
      const seen: Promise<number>[] = []
      const orders = { ...site(), wake: () => void seen.push(waiting(database)) }

      await emitSteps(orders, 'noted', [{ key: '', n: 1 }])

      assert.deepEqual(await Promise.all(seen), [1])
    })

    if (!engine.isConcurrent) return

    test('X2: whoever emits for a key second commits second', async () => {
      const orders = site()
      const gate = Promise.withResolvers<void>()
      const flushed = Promise.withResolvers<void>()
      const ended: string[] = []
      const first = database.transaction({ timeoutMs: 9_000 }, async (tx) => {
        await flush(orders, tx, [placed('k', 1)])
        flushed.resolve()
        await gate.promise
        ended.push('first')
      })
      await flushed.promise
      const second = database
        .transaction({ timeoutMs: 9_000 }, (tx) => flush(orders, tx, [placed('k', 2)]))
        .then(() => ended.push('second'))

      await lockIsAwaited(() => ended.length > 0)
      gate.resolve()
      await Promise.all([first, second])

      assert.deepEqual(ended, ['first', 'second'])
    })

    test('X3: transactions that emit for the same keys in opposite orders do not deadlock', async () => {
      const orders = site()
      const keys = Array.from({ length: 30 }, (_, n) => `k${n}`)
      let runs = 0
      const run = (order: readonly string[]) =>
        database.transaction({ timeoutMs: 9_000 }, async (tx) => {
          runs += 1
          const emissions = order.map((key) => placed(key, 1))
          await flush(orders, tx, emissions)
        })

      await Promise.all(
        Array.from({ length: 10 }, (_, n) => run(n % 2 === 0 ? keys : keys.toReversed())),
      )

      // The database runs a transaction again that was the victim of a deadlock.
      assert.equal(runs, 10)
    })
  })
}
