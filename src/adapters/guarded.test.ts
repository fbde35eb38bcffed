import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { pglite } from '../../test/support/databases.ts'
import { guarded } from './guarded.ts'

/** A pool whose class keeps its state to itself, as `pg` and PGlite do. */
class Pool {
  #queries = 0

  query(): number {
    this.#queries += 1
    return this.#queries
  }
}

test('a guarded pool works outside of transactions, and is refused by name inside', async () => {
  await using fresh = await pglite.fresh()
  const database = openDatabase(fresh, { clock: nodeClock, timers: nodeTimers, random: nodeRandom })
  const pool = guarded(new Pool())
  const tag = guarded((words: string) => words)

  const before = [pool.query(), tag('a')]
  const inside = await database.transaction({ timeoutMs: 5_000 }, async () =>
    [() => pool.query(), () => tag('b')].map((use) => {
      try {
        return use()
      } catch (error) {
        return isHoldfastError(error) ? error.code : error
      }
    }),
  )

  assert.deepEqual(before, [1, 'a'])
  assert.deepEqual(inside, ['HF_DB_OUTSIDE_TRANSACTION', 'HF_DB_OUTSIDE_TRANSACTION'])
  assert.equal(pool.query(), 2)
})
