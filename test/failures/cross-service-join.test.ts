/**
 * S4: a join over two services at run time.
 *
 * Goal: a page that needs rows of two services is shown while one of them is away. Method: customers look
 * at their books while the catalogue's disk hangs, on a page that asks it for the titles and on one that
 * keeps them. Then renames in hostile worlds: what is kept becomes what the catalogue says.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate } from 'holdfast/sim'
import { bookshop, catalogue, disk, orders } from './support/titles.ts'

const VISITORS = 20
const BOOKS = 4

/** What visitors saw while the catalogue hung, each page as a text, or how the call ended. */
async function seenWhileHanging(page: 'joined' | 'kept'): Promise<ReadonlySet<string>> {
  const seen = new Set<string>()
  disk.hangs = false
  const { violations } = await simulate(bookshop, {
    seeds: 1,
    faults: [],
    load: async (world) => {
      const show = world.client(orders)[page]
      for (let n = 0; n < BOOKS; n += 1) {
        // oxlint-disable no-await-in-loop -- one book after the other.
        await world.client(catalogue).rename({ isbn: `i${n}`, title: `title ${n}` })
        await world.client(orders).buy({ id: `o${n}`, customer: 'c', isbn: `i${n}` })
        // oxlint-enable no-await-in-loop
      }
      await world.sleep('1s')
      disk.hangs = true
      await world.many(VISITORS, async () => {
        const outcome = await show.outcome({ customer: 'c' })
        seen.add(outcome.kind === 'done' ? outcome.value.titles.join() : outcome.kind)
      })
      disk.hangs = false
    },
  })
  assert.deepEqual(violations, [])
  return seen
}

test('a page that joins over the network is gone for everybody while the other service is', async () => {
  const seen = await seenWhileHanging('joined')

  assert.deepEqual(
    [...seen].filter((each) => each !== 'unsent' && each !== 'unknown'),
    [],
  )
  assert.ok(seen.size > 0)
})

test('a page that keeps the rows of the other service from its events is shown to everybody', async () => {
  const seen = await seenWhileHanging('kept')

  assert.deepEqual([...seen], ['title 0,title 1,title 2,title 3'])
})

test('what is kept becomes what the catalogue says, whatever happens on the way', async () => {
  const { violations, faultsFired } = await simulate(bookshop, {
    seeds: 10,
    load: async (world) => {
      const { rename } = world.client(catalogue)
      await world.many(20, async (n) =>
        rename.outcome({ isbn: `i${n % BOOKS}`, title: `title ${n}` }),
      )
    },
    settled: {
      'both have the same titles': async ({ sql }) => {
        const text = 'select isbn, title from book order by isbn'
        assert.deepEqual(await sql('orders', text), await sql('catalogue', text))
      },
    },
  })

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['crash'] ?? 0) > 0)
})
