/**
 * What every library keeps whose transaction a user lends to Holdfast: X1 to X3 of `src/adapters/lent.ts`,
 * and T1 to T3 of `src/edge/event/in-transaction.ts`.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import { onceIn, outboxOf } from '#edge'
import { isHoldfastError } from '#errors'
import { migrate, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { connectPostgres } from '../../src/adapters/postgres.ts'
import { freshPostgresUrl } from '../support/databases.ts'
import { eventSystem, manualWorld, orders } from '../support/event-world.ts'
import { lendingLibraries } from '../support/lending-libraries.ts'

const url = await freshPostgresUrl()
const holdfast = openDatabase(connectPostgres({ url }), {
  clock: nodeClock,
  timers: nodeTimers,
  random: nodeRandom,
})
await migrate(holdfast, [])
after(() => holdfast.close())

const outbox = outboxOf(orders, { system: eventSystem().system, world: manualWorld() })

for (const library of await lendingLibraries(url)) {
  const rows = (text: string): Promise<unknown[]> =>
    library.transaction(async (tx) => (await tx.query(text)).rows)
  const emitted = (): Promise<unknown[]> =>
    rows('select edge, key, body from hf.outbox order by edge, seq')

  describe(`a transaction of ${library.name}`, () => {
    after(() => library.close())
    beforeEach(async () => {
      await library.transaction((tx) => tx.query('truncate hf.outbox, hf.inbox'))
    })

    test('T1: what is emitted stands in the outbox once the user commits', async () => {
      const step = { key: 'it\'s "k" é 🙂 $1', n: 1.5 }

      await library.transaction((tx) => outbox.placed(tx, step))

      assert.deepEqual(await emitted(), [
        { edge: 'orders>inventory', key: step.key, body: step },
        { edge: 'orders>mail', key: step.key, body: step },
      ])
    })

    test('T1: what is emitted is gone if the user rolls back, or back to a savepoint', async () => {
      const regret = library.transaction(async (tx) => {
        await outbox.placed(tx, { key: 'a', n: 1 })
        throw new RangeError('no')
      })
      await assert.rejects(regret, RangeError)
      await library.transaction(async (tx) => {
        await tx.query('savepoint mine')
        await outbox.noted(tx, { key: '', n: 2 })
        await tx.query('rollback to savepoint mine')
        await outbox.noted(tx, { key: '', n: 3 }, { after: '1h' })
      })

      assert.deepEqual(await emitted(), [
        { edge: 'orders>inventory', key: '', body: { key: '', n: 3 } },
      ])
    })

    test('T2: work under a key is done once, and later runs get what it gave', async () => {
      let runs = 0
      const work = async (): Promise<{ n: number }> => ({ n: (runs += 1) })

      const first = await library.transaction((tx) => onceIn(tx, 'charge o1', work))
      const second = await library.transaction((tx) => onceIn(tx, 'charge o1', work))

      assert.deepEqual(first, { value: { n: 1 }, isReplayed: false })
      assert.deepEqual(second, { value: { n: 1 }, isReplayed: true })
    })

    test('T2: work whose transaction was rolled back was never done', async () => {
      const regret = library.transaction(async (tx) => {
        await onceIn(tx, 'charge o1', async () => 'first')
        throw new RangeError('no')
      })
      await assert.rejects(regret, RangeError)

      const again = await library.transaction((tx) => onceIn(tx, 'charge o1', async () => 'second'))

      assert.deepEqual(again, { value: 'second', isReplayed: false })
    })

    test('X1: text, numbers, JSON, bytes, lists and nothing arrive as they were sent', async () => {
      const sent = ['it\'s "a" é', 7, true, '{"a":[1,{"b":null}]}', Uint8Array.of(0, 255)]
      const lists = [['a', 'b"c', 'd,{e}'], [1.5, null], null]

      const [row] = await library.transaction(async (tx) => {
        const statement = `select $1::text as t, $2::int as i, $3::boolean as b, $4::jsonb as j,
          $5::bytea as y, $6::text[] as ts, to_jsonb($7::float8[]) as fs, $8::text as nothing,
          9007199254740993 as big, 1.50 as price, '2026-01-02 03:04:05Z'::timestamptz as at`
        return (await tx.query(statement, [...sent, ...lists])).rows
      })

      const { y, at, ...plain } = row ?? {}
      assert.deepEqual(plain, {
        t: 'it\'s "a" é',
        i: 7,
        b: true,
        j: { a: [1, { b: null }] },
        ts: lists[0],
        fs: lists[1],
        nothing: null,
        big: library.bigints === 'text' ? '9007199254740993' : 9_007_199_254_740_993n,
        price: '1.50',
      })
      assert.ok(y instanceof Uint8Array)
      assert.deepEqual([...y], [0, 255])
      assert.equal(at instanceof Date ? 'Date' : 'text', library.moments)
      assert.equal(new Date(String(at)).getTime(), Date.UTC(2026, 0, 2, 3, 4, 5))
    })

    test('X2: the rows that were touched are counted where none is returned', async () => {
      const counts = await library.transaction(async (tx) => {
        const claim = `insert into hf.inbox (scope, id) select 's', n::text
          from generate_series(1, 3) as n on conflict do nothing`
        const written = await tx.query(claim)
        const again = await tx.query(claim)
        const read = await tx.query('select id from hf.inbox')
        return [written, again, read].map(({ rowCount }) => rowCount)
      })

      assert.deepEqual(counts, [3, 0, 3])
    })

    test('X3: inside a transaction of Holdfast it is refused by name, and sends nothing', async () => {
      await library.transaction(async (lentTx) => {
        const inside = holdfast.transaction({ timeoutMs: 5_000 }, async (tx) => {
          await tx.query('select 1')
          await outbox.placed(lentTx, { key: 'a', n: 1 })
        })

        await assert.rejects(
          inside,
          (error) =>
            isHoldfastError(error, 'HF_DB_OUTSIDE_TRANSACTION') &&
            error.message.includes(library.name.split(' ', 1)[0] ?? ''),
        )
      })

      assert.deepEqual(await emitted(), [])
    })
  })
}
