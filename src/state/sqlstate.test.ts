import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '#errors'
import { databaseError, isAnswered, isConnectionLost } from './sqlstate.ts'

const driverError = (code: string, more: object = {}): Error =>
  Object.assign(new Error('words with secret hunter2'), { code, ...more })

for (const [code, expected] of [
  ['57014', 'HF_DB_TIMEOUT'],
  ['55P03', 'HF_DB_LOCK_TIMEOUT'],
  ['40001', 'HF_DB_CONFLICT'],
  ['40P01', 'HF_DB_CONFLICT'],
  ['25006', 'HF_DB_READ_ONLY'],
  ['53100', 'HF_DB_FULL'],
  ['ENOSPC', 'HF_DB_FULL'],
  ['08006', 'HF_DB_UNREACHABLE'],
  ['57P03', 'HF_DB_UNREACHABLE'],
  ['28P01', 'HF_DB_UNREACHABLE'],
  ['3D000', 'HF_DB_UNREACHABLE'],
  ['ECONNREFUSED', 'HF_DB_UNREACHABLE'],
  ['EPIPE', 'HF_DB_UNREACHABLE'],
  ['22P02', 'HF_DB_STATEMENT_FAILED'],
  ['XX000', 'HF_DB_STATEMENT_FAILED'],
  ['', 'HF_DB_STATEMENT_FAILED'],
] as const) {
  test(`Q2: '${code}' means ${expected}, without effect and without the driver's words`, () => {
    const failure = databaseError(driverError(code))

    assert.equal(failure.code, expected)
    assert.equal(failure.effect, 'none')
    assert.ok(!failure.message.includes('hunter2'))
  })
}

test('Q1: a violated constraint is named, the value that violated it is not', () => {
  const error = Object.assign(
    new Error('duplicate key value violates unique constraint "orders_pkey"'),
    {
      code: '23505',
      constraint: 'orders_pkey',
      table: 'orders',
      detail: 'Key (id)=(hunter2) exists',
    },
  )

  const failure = databaseError(error)

  assert.match(failure.message, /orders_pkey/)
  assert.ok(!JSON.stringify(failure).includes('hunter2'))
  assert.deepEqual(failure.particulars, {
    sqlState: '23505',
    constraint: 'orders_pkey',
    table: 'orders',
  })
})

test('a failure that already has a name keeps it', () => {
  const named = new HoldfastError('HF_DB_FULL', { detail: 'full' })

  assert.equal(databaseError(named), named)
})

test('lost and answered exclude each other', () => {
  for (const code of ['08006', '57P01', 'ECONNRESET', '23505', '40001', '', 'ENOENT']) {
    const error = driverError(code)
    assert.ok(!(isConnectionLost(error) && isAnswered(error)), code)
  }
  assert.ok(isAnswered(driverError('23505')))
  assert.ok(isConnectionLost(driverError('57P01')))
})
