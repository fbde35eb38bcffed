/**
 * The conformance suite of `Connections`, through the `Database` that is laid over it: what every engine
 * does alike. What needs two sessions at once is in database-concurrency.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { type Database, openDatabase } from '#state'
import { nodeClock, nodeRandom, nodeTimers } from '#world'
import { type DatabaseEngine, engines } from '../support/databases.ts'

const world = { clock: nodeClock, timers: nodeTimers, random: nodeRandom }
const bounds = { timeoutMs: 5_000 }

/** One test on each engine, with a database that has an empty table `t (a int primary key)`. */
function onEach(
  name: string,
  check: (database: Database, engine: DatabaseEngine) => Promise<void>,
): void {
  for (const engine of engines) {
    test(`${engine.name}: ${name}`, async () => {
      await using fresh = await engine.fresh()
      const database = openDatabase(fresh, world)
      await database.query('create table t (a int primary key)')
      await check(database, engine)
    })
  }
}

async function numbers(database: Database): Promise<number[]> {
  const { rows } = await database.query<{ a: number }>('select a from t order by a')
  return rows.map(({ a }) => a)
}

const failsWith = (code: string) => (error: unknown) =>
  isHoldfastError(error) && error.code === code

onEach('what returns is committed, what throws is rolled back', async (database) => {
  await database.transaction(bounds, async (tx) => tx.query('insert into t values (1)'))
  const failing = database.transaction(bounds, async (tx) => {
    await tx.query('insert into t values (2)')
    throw new RangeError('no')
  })

  await assert.rejects(failing, RangeError)
  assert.deepEqual(await numbers(database), [1])
})

onEach('a savepoint that is not kept undoes only its own part', async (database) => {
  const value = await database.transaction(bounds, async (tx) => {
    await tx.query('insert into t values (1)')
    const said = await tx.savepoint(async () => {
      await tx.query('insert into t values (2)')
      return { keep: false, value: 'undone' }
    })
    await tx.savepoint(async () => {
      await tx.query('insert into t values (3)')
      return { keep: true, value: undefined }
    })
    return said
  })

  assert.equal(value, 'undone')
  assert.deepEqual(await numbers(database), [1, 3])
})

onEach('a savepoint that throws is undone, and the transaction lives on', async (database) => {
  await database.transaction(bounds, async (tx) => {
    await tx.query('insert into t values (1)')
    await assert.rejects(
      tx.savepoint(async () => {
        await tx.query('insert into t values (1)')
        return { keep: true, value: undefined }
      }),
      failsWith('HF_DB_STATEMENT_FAILED'),
    )
    await tx.query('insert into t values (2)')
  })

  assert.deepEqual(await numbers(database), [1, 2])
})

onEach(
  'B2: a failure that the work passes over does not become a silent rollback',
  async (database) => {
    const passing = database.transaction(bounds, async (tx) => {
      await tx.query('insert into t values (1)')
      await tx.query('insert into t values (1)').catch(() => undefined)
      return 'fine'
    })

    await assert.rejects(passing, failsWith('HF_DB_STATEMENT_FAILED'))
    assert.deepEqual(await numbers(database), [])
  },
)

onEach(
  "a failure undone by the work's own savepoint does not stop the commit",
  async (database) => {
    await database.transaction(bounds, async (tx) => {
      await tx.query('insert into t values (1)')
      await tx.query('savepoint mine')
      await tx.query('insert into t values (1)').catch(() => undefined)
      await tx.query('rollback to savepoint mine')
    })

    assert.deepEqual(await numbers(database), [1])
  },
)

onEach('a statement that nobody awaited is part of the transaction', async (database) => {
  await database.transaction(bounds, async (tx) => {
    void tx.query('insert into t values (1)')
  })
  const failing = database.transaction(bounds, async (tx) => {
    tx.query('insert into t values (1)').catch(() => undefined)
  })

  await assert.rejects(failing, failsWith('HF_DB_STATEMENT_FAILED'))
  assert.deepEqual(await numbers(database), [1])
})

onEach('statements of one transaction may be asked for all at once', async (database) => {
  await database.transaction(bounds, async (tx) => {
    await Promise.all([1, 2, 3].map((a) => tx.query('insert into t values ($1)', [a])))
  })

  assert.deepEqual(await numbers(database), [1, 2, 3])
})

onEach('a deferred constraint refuses the commit, without effect', async (database) => {
  await database.query('create table u (a int unique deferrable initially deferred)')
  const failing = database.transaction(bounds, async (tx) => {
    await tx.query('insert into u values (1), (1)')
  })

  await assert.rejects(failing, (error) => {
    return (
      failsWith('HF_DB_STATEMENT_FAILED')(error) &&
      isHoldfastError(error) &&
      error.effect === 'none'
    )
  })
  assert.deepEqual((await database.query('select * from u')).rows, [])
})

onEach('a read-only transaction reads and refuses to write', async (database) => {
  const read = database.transaction({ ...bounds, readOnly: true }, async (tx) => {
    const { rows } = await tx.query('select 1 as one')
    await tx.query('insert into t values (1)')
    return rows
  })

  await assert.rejects(read, failsWith('HF_DB_READ_ONLY'))
  await database.query('insert into t values (2)')
  assert.deepEqual(await numbers(database), [2])
})

onEach('B3: the executor runs nothing once its transaction has ended', async (database) => {
  const late = await database.transaction(bounds, async (tx) => ({ tx }))

  await assert.rejects(late.tx.query('select 1'), failsWith('HF_DB_OUTSIDE_TRANSACTION'))
})

onEach(
  'B6: the database itself is refused inside its own transaction, by name',
  async (database) => {
    const nested = database.transaction(bounds, async () => database.query('select 1'))
    const twice = database.transaction(bounds, async () =>
      database.transaction(bounds, async () => 1),
    )

    await assert.rejects(nested, failsWith('HF_DB_OUTSIDE_TRANSACTION'))
    await assert.rejects(twice, failsWith('HF_DB_OUTSIDE_TRANSACTION'))
    assert.deepEqual(await numbers(database), [])
  },
)

onEach('the transaction cannot be ended behind its owner', async (database) => {
  const ending = database.transaction(bounds, async (tx) => {
    await tx.query('insert into t values (1)')
    await tx.query('COMMIT')
  })

  await assert.rejects(ending, failsWith('HF_DB_OUTSIDE_TRANSACTION'))
  assert.deepEqual(await numbers(database), [])
})

onEach(
  'a transaction that waits for something else is rolled back at its deadline',
  async (database) => {
    const stuck = database.transaction({ timeoutMs: 50 }, async (tx) => {
      await tx.query('insert into t values (1)')
      await new Promise(() => {})
    })

    await assert.rejects(stuck, failsWith('HF_DB_TIMEOUT'))
    assert.deepEqual(await numbers(database), [])
  },
)

onEach('a session that was lent is lent again, in a clean state', async (database) => {
  for (let round = 0; round < 30; round += 1) {
    const failing = database.transaction(bounds, async (tx) => tx.query('select nonsense'))
    await assert.rejects(failing, failsWith('HF_DB_STATEMENT_FAILED'))
  }

  assert.deepEqual(
    (await database.query("select current_setting('transaction_read_only') as ro")).rows,
    [{ ro: 'off' }],
  )
})

onEach('fifty transactions at once all commit', async (database) => {
  await Promise.all(
    Array.from({ length: 50 }, (_, a) =>
      database.transaction(bounds, async (tx) => {
        await tx.query('insert into t values ($1)', [a])
        await tx.query('select 1')
      }),
    ),
  )

  assert.equal((await numbers(database)).length, 50)
})

onEach('no message repeats a parameter', async (database) => {
  const failing = database.query('select $1::int', ['hunter2'])

  await assert.rejects(
    failing,
    (error) => isHoldfastError(error) && !error.message.includes('hunter2'),
  )
})

onEach('a database that was closed is unreachable', async (database) => {
  await database.close()

  await assert.rejects(database.query('select 1'), failsWith('HF_DB_UNREACHABLE'))
})
