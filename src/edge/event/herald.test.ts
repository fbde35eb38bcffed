import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Database } from '#state'
import { Herald } from './herald.ts'

/** A database that counts its notices, and timers that the test runs. */
function listened(): {
  readonly herald: Herald
  readonly notices: () => number
  readonly pass: () => void
} {
  let notices = 0
  const due: (() => void)[] = []
  const database: Database = {
    exclusive: false,
    query: async () => {
      notices += 1
      return { rows: [], rowCount: 0 }
    },
    transaction: () => Promise.reject(new Error('a notice has no transaction')),
    hear: () => () => {},
    close: async () => {},
  }
  const after = (_delayMs: number, run: () => void): (() => void) => {
    due.push(run)
    return () => due.splice(due.indexOf(run), 1)
  }
  const pass = (): void => {
    for (const run of due.splice(0)) run()
  }
  return { herald: new Herald(database, { after }), notices: () => notices, pass }
}

test('H1: a thousand transactions of one moment are one notice', () => {
  const { herald, notices, pass } = listened()
  herald.hear(() => {})

  for (let n = 0; n < 1_000; n += 1) herald.tell()
  assert.equal(notices(), 0)
  pass()
  pass()

  assert.equal(notices(), 1)
})

test('H1: what comes after a notice has one of its own', () => {
  const { herald, notices, pass } = listened()
  herald.hear(() => {})

  herald.tell()
  pass()
  herald.tell()
  pass()

  assert.equal(notices(), 2)
})

test('a relay that stopped tells nobody, not even what it was about to', () => {
  const { herald, notices, pass } = listened()
  herald.hear(() => {})

  herald.tell()
  herald.stop()
  herald.tell()
  pass()

  assert.equal(notices(), 0)
})
