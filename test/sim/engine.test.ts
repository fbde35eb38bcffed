/**
 * Which interleavings the engine makes, and which it refuses: on a real PostgreSQL in memory.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openPgliteMemory } from '#adapters'
import { Engine, type Outcome, Turn } from '../../src/sim/database/engine.ts'

describe('one engine for several sessions', () => {
  let postgres: Awaited<ReturnType<typeof openPgliteMemory>>
  let nowUs = 0

  before(async () => {
    postgres = await openPgliteMemory({ isExact: false, files: undefined })
    postgres.script(`create schema hf; create table hf.inbox (id text primary key);
      create table account (id text primary key, cents int); insert into account values ('a', 100)`)
  })

  after(() => {
    if (postgres.isInTransaction) postgres.script('rollback')
    postgres.script(`delete from hf.inbox; update account set cents = 100`)
  })

  function engine(): Engine {
    return new Engine({
      run: ({ text, params }) => {
        if (params !== undefined) return postgres.query(text, params)
        postgres.script(text)
        return { rows: [], rowCount: 0 }
      },
      nowUs: () => nowUs++,
      isInTransaction: () => postgres.isInTransaction,
      note: () => undefined,
    })
  }

  const READ = query(`select cents from account where id = 'a'`)
  const WRITE = (to: number): { text: string; params: [] } =>
    query(`update account set cents = ${to} where id = 'a' returning cents`)

  test('between a read and the write that follows, another transaction may commit', () => {
    const [shared, one, other] = [engine(), new Turn(), new Turn()]
    shared.attempt(one, script('begin'))
    assert.equal(cents(shared.attempt(one, READ)), 100)

    shared.attempt(other, script('begin'))
    shared.attempt(other, WRITE(70))
    shared.attempt(other, script('commit'))

    assert.equal(cents(shared.attempt(one, READ)), 70)
    assert.equal(cents(shared.attempt(one, WRITE(50))), 50)
    shared.attempt(one, script('commit'))
    assert.equal(cents(shared.attempt(other, READ)), 50)
  })

  test('E1: who has written, or locked a row, keeps the engine until the end', () => {
    for (const first of [WRITE(1), query(`select 1 from account for update`)]) {
      const [shared, one, other] = [engine(), new Turn(), new Turn()]
      shared.attempt(one, script('begin'))
      shared.attempt(one, first)

      assert.deepEqual(shared.attempt(other, READ), { not: 'busy' })

      shared.attempt(one, script('rollback'))
      assert.ok('answer' in shared.attempt(other, READ))
    }
  })

  test('E1: an advisory lock keeps the engine, too', () => {
    const [shared, one, other] = [engine(), new Turn(), new Turn()]
    shared.attempt(one, script('begin'))
    shared.attempt(one, query('select pg_advisory_xact_lock(1)'))

    assert.deepEqual(shared.attempt(other, READ), { not: 'busy' })
    shared.attempt(one, script('rollback'))
  })

  test('E2: a stricter isolation is not interleaved', () => {
    const [shared, one, other] = [engine(), new Turn(), new Turn()]
    shared.attempt(one, script('begin isolation level repeatable read'))
    shared.attempt(one, READ)

    assert.deepEqual(shared.attempt(other, READ), { not: 'busy' })
    shared.attempt(one, script('rollback'))
  })

  test('a claim is put back; if another has the key meanwhile, the session is lost', () => {
    const claim = query(`insert into hf.inbox values ('k') on conflict do nothing`)
    const [shared, one, other] = [engine(), new Turn(), new Turn()]
    shared.attempt(one, script('begin'))
    shared.attempt(one, claim)
    shared.attempt(other, READ)
    assert.ok('answer' in shared.attempt(one, READ), 'nobody took the key')

    shared.attempt(other, claim)

    assert.deepEqual(shared.attempt(one, WRITE(1)), { not: 'lost' })
  })
})

function script(text: string): { text: string; params: undefined } {
  return { text, params: undefined }
}

function query(text: string): { text: string; params: [] } {
  return { text, params: [] }
}

function cents(outcome: Outcome): unknown {
  return 'answer' in outcome ? outcome.answer.rows[0]?.['cents'] : outcome
}
