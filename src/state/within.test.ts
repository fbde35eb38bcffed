import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { assertOutsideTransaction, insideTransaction } from './within.ts'

const isRefused = (error: unknown): boolean =>
  isHoldfastError(error, 'HF_DB_OUTSIDE_TRANSACTION') &&
  error.detail.startsWith('the pool was used')

test('W1: what a transaction started is refused until it has ended, and free afterwards', async () => {
  const ended = Promise.withResolvers<void>()
  let late: Promise<void> | undefined

  await insideTransaction(async () => {
    assert.throws(() => assertOutsideTransaction('the pool'), isRefused)
    await Promise.resolve()
    assert.throws(() => assertOutsideTransaction('the pool'), isRefused)
    late = ended.promise.then(() => assertOutsideTransaction('the pool'))
  })
  ended.resolve()

  await late
  assertOutsideTransaction('the pool')
})

test('W1: a transaction that fails has ended, too', async () => {
  let late: (() => void) | undefined

  const failing = insideTransaction(async () => {
    late = () => assertOutsideTransaction('the pool')
    throw new RangeError('no')
  })

  await assert.rejects(failing, RangeError)
  late?.()
})

test('W1: a transaction within one keeps what stands around it marked once it has ended', async () => {
  await insideTransaction(async () => {
    await insideTransaction(async () => {})

    assert.throws(() => assertOutsideTransaction('the pool'), isRefused)
  })
})
