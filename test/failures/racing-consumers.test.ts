/**
 * C3: two instances take the same message at the same moment; both check, both see it as new.
 *
 * Goal: the effect is committed once, however the two meet. Method: a real PostgreSQL, and two instances
 * that take each message in the same instant. The simulation gives each database one session, so it
 * cannot show this race. That they really met is part of the test, not left to luck.
 */
import assert from 'node:assert/strict'
import { after, beforeEach, describe, test } from 'node:test'
import type { SqlExecutor } from '#model'
import { postgres } from '../support/databases.ts'
import { clear, eventDatabase } from '../support/event-world.ts'
import { bothLooked, deliver, isMet, takingByHand } from './support/racing.ts'

const MESSAGES = Array.from({ length: 30 }, (_, n) => n)

const database = await eventDatabase(await postgres.fresh())
after(() => database.close())

/** How often each message had its effect. */
async function effects(): Promise<readonly unknown[]> {
  const { rows } = await database.query(
    'select n, count(*)::int as times from seen group by n order by n',
  )
  return rows.map((row) => row['times'])
}

// A hook at the root would run before every test of the process.
describe('two consumers at once', () => {
  beforeEach(() => clear(database))

  test('two instances that look, see that it is new, and then act, act twice', async () => {
    for (const n of MESSAGES) {
      const meeting = bothLooked()
      await Promise.all([takingByHand(database, n, meeting), takingByHand(database, n, meeting)])
    }

    assert.deepEqual(
      await effects(),
      MESSAGES.map(() => 2),
    )
  })

  test('the one that comes second waits at the constraint, and does nothing once the first commits', async () => {
    for (const n of MESSAGES) {
      const answers = await Promise.all([deliver(database, n, isMet), deliver(database, n, isMet)])

      assert.deepEqual(
        answers.map(({ status }) => status),
        [204, 204],
      )
      const duplicates = answers.filter(({ headers }) => headers['holdfast-duplicate'] === 'true')
      assert.equal(duplicates.length, 1)
    }

    assert.deepEqual(
      await effects(),
      MESSAGES.map(() => 1),
    )
  })

  test('when the first fails after they met, the second does the work, and nothing is lost', async () => {
    for (const n of MESSAGES) {
      let isFirst = true
      const firstFails = async (tx: SqlExecutor): Promise<void> => {
        if (!isFirst) return
        isFirst = false
        await isMet(tx)
        throw new Error('the first instance fails')
      }

      const answers = await Promise.all([
        deliver(database, n, firstFails),
        deliver(database, n, firstFails),
      ])

      const statuses = answers.map(({ status }) => status)
      assert.deepEqual(new Set(statuses), new Set([204, 500]))
    }

    assert.deepEqual(
      await effects(),
      MESSAGES.map(() => 1),
    )
  })
})
