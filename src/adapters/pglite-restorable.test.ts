/**
 * The database for tests that goes back to its beginning. The two ways of going back pass the same tests.
 */
import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { restorable, type Restorable } from 'holdfast/pglite-snapshot'

const migrations = [
  'create table orders (id serial primary key, cents int check (cents > 0))',
  'insert into orders (cents) values (500)',
]

for (const by of ['memory', 'dump'] as const) {
  suite(`a PGlite that is restored by ${by}`, () => {
    let shop: Restorable

    before(async () => {
      shop = await restorable({ migrations, by })
    })

    after(() => shop.close())

    test('the way that was asked for is the way that is used', () => {
      assert.equal(shop.by, by)
    })

    test('R1: rows, tables and sequences are as they were after the migrations', async () => {
      await shop.database.exec('insert into orders (cents) values (1); create table more (a int)')

      const database = await shop.restore()

      assert.deepEqual(await database.query('select id, cents from orders').then(rowsOf), [
        { id: 1, cents: 500 },
      ])
      const added = database.query('insert into orders (cents) values (2) returning id')
      assert.deepEqual(await added.then(rowsOf), [{ id: 2 }])
      await assert.rejects(database.query('select * from more'), { code: '42P01' })
    })

    test('a fork begins as the database is now, and neither changes the other', async () => {
      await shop.restore()
      await shop.database.exec('insert into orders (cents) values (7)')
      const fork = await shop.fork()

      await shop.restore()
      await fork.database.exec('delete from orders where cents = 500')
      const forked = await fork.restore()

      const count = 'select count(*)::int as orders from orders'
      assert.deepEqual(await forked.query(count).then(rowsOf), [{ orders: 2 }])
      assert.deepEqual(await shop.database.query(count).then(rowsOf), [{ orders: 1 }])
      await fork.close()
    })
  })
}

test('a database with an open transaction is not set back', async () => {
  const shop = await restorable({ migrations })
  await shop.database.exec('begin')

  await assert.rejects(shop.restore(), /a transaction is open/)

  await shop.database.exec('rollback')
  await shop.restore()
  await shop.close()
})

const rowsOf = ({ rows }: { readonly rows: unknown[] }): unknown[] => rows
