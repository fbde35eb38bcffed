/**
 * Transactions over a scripted connection and a clock that the test moves: what happens when the
 * database is late, silent or gone. What real engines do stands in test/conformance/database.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { isHoldfastError } from '#errors'
import type { Rows } from '#model'
import type { Connection, Connections } from './connection.ts'
import { openDatabase } from './open.ts'

const failsWith = (code: string, effect?: 'none' | 'unknown') => (error: unknown) =>
  isHoldfastError(error) && error.code === code && (effect ?? error.effect) === error.effect

/** Time that stands still until the test moves it. */
class ManualTime {
  nowMs = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()

  readonly clock = { monotonicMs: () => this.nowMs, wallMs: () => this.nowMs }
  readonly random = { float: () => 0.5, bytes: (length: number) => new Uint8Array(length) }
  readonly timers = {
    after: (delayMs: number, run: () => void) => {
      const timer = { atMs: this.nowMs + delayMs, run }
      this.#timers.add(timer)
      return () => this.#timers.delete(timer)
    },
  }

  get pending(): number {
    return this.#timers.size
  }

  /** Moves the time, and lets everything happen that is due by then. */
  async advance(ms: number): Promise<void> {
    this.nowMs += ms
    for (;;) {
      await setImmediate()
      const due = [...this.#timers].find(({ atMs }) => atMs <= this.nowMs)
      if (due === undefined) return
      this.#timers.delete(due)
      due.run()
    }
  }
}

/** What a statement meets: an answer, an error, or silence until the test breaks it. */
type Reply = 'answer' | Error | Promise<unknown>

/** A connection that answers as told and remembers what it was asked. */
class ScriptedConnections implements Connections {
  readonly exclusive = true
  readonly asked: string[] = []
  readonly fates: boolean[] = []
  reply: (text: string) => Reply = () => 'answer'

  async acquire(): Promise<Connection> {
    return {
      query: async <Row>(text: string): Promise<Rows<Row>> => {
        await this.#answer(text)
        return { rows: [], rowCount: 0 }
      },
      script: (text) => this.#answer(text),
      release: ({ broken }) => void this.fates.push(broken),
    }
  }

  async close(): Promise<void> {}

  async #answer(text: string): Promise<void> {
    this.asked.push(text.split(/[;\s]/)[0] ?? '')
    const reply = this.reply(text)
    if (reply instanceof Error) throw reply
    if (reply !== 'answer') await reply
  }
}

function scripted(reply: (text: string) => Reply) {
  const [connections, time] = [new ScriptedConnections(), new ManualTime()]
  connections.reply = reply
  return { connections, time, database: openDatabase(connections, time) }
}

const sqlError = (code: string): Error => Object.assign(new Error('the words'), { code })
const bounds = { timeoutMs: 1_000 }

test('D1: a database that never answers releases its caller at the deadline', async () => {
  const silence = Promise.withResolvers()
  const { connections, time, database } = scripted((text) =>
    text === 'slow' ? silence.promise : 'answer',
  )
  const late = assert.rejects(
    database.transaction(bounds, (tx) => tx.query('slow')),
    failsWith('HF_DB_TIMEOUT', 'none'),
  )
  await setImmediate()

  await time.advance(1_000)

  await late
  assert.deepEqual(
    connections.fates,
    [],
    'D3: the connection is kept back while the statement runs',
  )
  silence.resolve(undefined)
  await setImmediate()
  assert.deepEqual(connections.asked, ['begin', 'slow', 'rollback'])
  assert.deepEqual(
    connections.fates,
    [false],
    'D3: it is given back once the transaction is undone',
  )
  assert.equal(time.pending, 0)
})

test('D3: a connection whose statement never ends is given up', async () => {
  const { connections, time, database } = scripted((text) =>
    text === 'slow' ? new Promise(() => {}) : 'answer',
  )
  const late = assert.rejects(
    database.transaction(bounds, (tx) => tx.query('slow')),
    failsWith('HF_DB_TIMEOUT'),
  )
  await setImmediate()
  await time.advance(1_000)
  await late

  await time.advance(5_000)

  assert.deepEqual(connections.fates, [true])
  assert.deepEqual(connections.asked, ['begin', 'slow'])
})

test('D2: a statement that waits for its turn at the deadline is never sent', async () => {
  const silence = Promise.withResolvers()
  const { connections, time, database } = scripted((text) =>
    text === 'slow' ? silence.promise : 'answer',
  )
  const late = assert.rejects(
    database.transaction(bounds, (tx) => Promise.all([tx.query('slow'), tx.query('next')])),
    failsWith('HF_DB_TIMEOUT'),
  )
  await setImmediate()

  await time.advance(1_000)
  await late
  silence.resolve(undefined)
  await setImmediate()

  assert.deepEqual(connections.asked, ['begin', 'slow', 'rollback'])
})

test('the bounds travel with BEGIN, in one round trip', async () => {
  const texts: string[] = []
  const { database } = scripted((text) => {
    texts.push(text)
    return 'answer'
  })

  await database.transaction({ timeoutMs: 700, readOnly: true }, (tx) => tx.query('work'))

  assert.deepEqual(texts, [
    'begin isolation level read committed read only; set local statement_timeout = 700; ' +
      'set local lock_timeout = 700; set local idle_in_transaction_session_timeout = 1700',
    'work',
    'commit',
  ])
})

test('A3: a connection lost before COMMIT has no effect and is not given back as usable', async () => {
  const { connections, database } = scripted((text) =>
    text === 'work' ? sqlError('08006') : 'answer',
  )
  connections.reply = (text) =>
    text === 'work' || text === 'rollback' ? sqlError('08006') : 'answer'

  await assert.rejects(
    database.transaction(bounds, (tx) => tx.query('work')),
    failsWith('HF_DB_UNREACHABLE', 'none'),
  )

  assert.deepEqual(connections.fates, [true])
})

for (const code of ['08006', '57P01', 'ECONNRESET', '']) {
  test(`A3: COMMIT that ends with '${code}' leaves the effect unknown`, async () => {
    const { database } = scripted((text) => (text === 'commit' ? sqlError(code) : 'answer'))

    await assert.rejects(
      database.transaction(bounds, (tx) => tx.query('work')),
      failsWith('HF_DB_COMMIT_UNKNOWN', 'unknown'),
    )
  })
}

test('A3: COMMIT that the server refuses by name has no effect', async () => {
  const { database } = scripted((text) => (text === 'commit' ? sqlError('23505') : 'answer'))

  await assert.rejects(
    database.transaction(bounds, (tx) => tx.query('work')),
    failsWith('HF_DB_STATEMENT_FAILED', 'none'),
  )
})

test('A3: COMMIT that is not answered by the deadline leaves the effect unknown', async () => {
  const { time, database } = scripted((text) =>
    text === 'commit' ? new Promise(() => {}) : 'answer',
  )
  const late = assert.rejects(
    database.transaction(bounds, (tx) => tx.query('work')),
    failsWith('HF_DB_COMMIT_UNKNOWN', 'unknown'),
  )
  await setImmediate()

  await time.advance(1_000)

  await late
})

test('COMMIT is not sent after the deadline', async () => {
  const { connections, time, database } = scripted(() => 'answer')

  await assert.rejects(
    database.transaction(bounds, async (tx) => {
      await tx.query('work')
      time.nowMs += 1_000
    }),
    failsWith('HF_DB_TIMEOUT', 'none'),
  )

  assert.deepEqual(connections.asked, ['begin', 'work', 'rollback'])
})

test('B5: a conflict at COMMIT is repeated after a wait, inside the deadline', async () => {
  let commits = 0
  const { connections, time, database } = scripted((text) => {
    if (text !== 'commit') return 'answer'
    commits += 1
    return commits === 1 ? sqlError('40001') : 'answer'
  })
  const done = database.transaction(bounds, async (tx) => {
    tx.beforeCommit({ text: 'work', params: [] })
    return 'value'
  })
  await setImmediate()
  assert.equal(commits, 1)

  // Half of the first bound of 10 ms: the test's randomness always says 0.5.
  await time.advance(5)

  assert.equal(await done, 'value')
  const once = ['begin', 'work', 'commit']
  assert.deepEqual(connections.asked, [...once, 'rollback', ...once])
})

test('A1: without a statement there is no transaction, and no round trip', async () => {
  const { connections, database } = scripted(() => 'answer')

  await database.transaction(bounds, (tx) =>
    tx.savepoint(async () => ({ keep: true, value: undefined })),
  )

  assert.deepEqual(connections.asked, [])
  assert.deepEqual(connections.fates, [false])
})

test('a savepoint is sent with its first statement, and closed with what follows it', async () => {
  const { connections, database } = scripted(() => 'answer')
  const written = { keep: true, value: undefined }
  const sent = (): string[] => connections.asked.splice(0)

  await database.transaction(bounds, async (tx) => {
    await tx.savepoint(async () => {
      assert.deepEqual(sent(), [])
      await tx.query('inside')
      assert.deepEqual(sent(), ['begin', 'inside'])
      return written
    })
    assert.deepEqual(sent(), [])
    await tx.query('behind')
    assert.deepEqual(sent(), ['release', 'behind'])
    await tx.savepoint(async () => written)
    await tx.query('last')
    assert.deepEqual(sent(), ['last'])
  })

  assert.deepEqual(sent(), ['commit'])
})

test('what runs before COMMIT is sent with it, and not at all if its savepoint is undone', async () => {
  const { connections, database } = scripted(() => 'answer')

  await database.transaction(bounds, async (tx) => {
    await tx.query('work')
    tx.beforeCommit({ text: 'last', params: [] })
    await tx.savepoint(async () => {
      tx.beforeCommit({ text: 'undone', params: [] })
      return { keep: false, value: undefined }
    })
  })

  assert.deepEqual(connections.asked, ['begin', 'work', 'last', 'commit'])
})

test('A3: what fails before COMMIT is the failure of the transaction, and has no effect', async () => {
  const { database } = scripted((text) => (text === 'last' ? sqlError('23505') : 'answer'))

  await assert.rejects(
    database.transaction(bounds, async (tx) => tx.beforeCommit({ text: 'last', params: [] })),
    failsWith('HF_DB_STATEMENT_FAILED', 'none'),
  )
})

test('B5: a conflict is not repeated if the wait would pass the deadline', async () => {
  let runs = 0
  const { database } = scripted((text) => (text === 'work' ? sqlError('40P01') : 'answer'))

  const failing = database.transaction({ timeoutMs: 4 }, async (tx) => {
    runs += 1
    await tx.query('work')
  })

  await assert.rejects(failing, failsWith('HF_DB_CONFLICT', 'none'))
  assert.equal(runs, 1)
})

test('B5: a conflict that a savepoint has undone is no reason to repeat the transaction', async () => {
  let runs = 0
  const { database } = scripted((text) => (text === 'work' ? sqlError('40P01') : 'answer'))

  const failing = database.transaction(bounds, async (tx) => {
    runs += 1
    await tx.savepoint(async () => {
      await tx.query('work').catch(() => undefined)
      return { keep: false, value: undefined }
    })
    throw new RangeError('for another reason')
  })

  await assert.rejects(failing, RangeError)
  assert.equal(runs, 1)
})

test('no time left: nothing is begun', async () => {
  const { connections, database } = scripted(() => 'answer')

  await assert.rejects(
    database.transaction({ timeoutMs: 0 }, async () => {}),
    failsWith('HF_DEADLINE_EXHAUSTED', 'none'),
  )

  assert.deepEqual(connections.asked, [])
})

test('B6: work that outlives its transaction may use the database again', async () => {
  const { database } = scripted(() => 'answer')
  const started = Promise.withResolvers<void>()
  let later: Promise<unknown> = Promise.resolve()

  await database.transaction(bounds, async () => {
    later = started.promise.then(() => database.query('select 1'))
  })
  started.resolve()

  await later
})

test('a loop that forgot its `await` meets a bound', async () => {
  const { database } = scripted((text) => (text === 'slow' ? setImmediate() : 'answer'))

  const flooding = database.transaction(bounds, async (tx) => {
    await Promise.all(Array.from({ length: 1_002 }, () => tx.query('slow')))
  })

  await assert.rejects(flooding, /more than 1000 statements/)
})
