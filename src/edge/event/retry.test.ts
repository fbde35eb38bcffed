import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HoldfastError } from '#errors'
import type { Random } from '#world'
import { ATTEMPTS_MAX, backoffMs, judge } from './retry.ts'

const jitter = (float: number): Random => ({
  float: () => float,
  bytes: (length) => new Uint8Array(length),
})

const asked = (retryAfterMs: number) =>
  judge(new HoldfastError('HF_KEY_BUSY', { detail: '', retryAfterMs }), 0, jitter(1))

test('J1: a message dies at its twelfth counted failure, and not before', () => {
  const failure = new Error('no')

  const verdicts = Array.from({ length: ATTEMPTS_MAX }, (_, n) => judge(failure, n, jitter(0.5)))

  assert.deepEqual(
    verdicts.map((each) => each.verdict),
    [...Array.from({ length: 11 }, () => 'again'), 'dead'],
  )
})

test('a consumer that was not reached never kills a message', () => {
  const failure = new HoldfastError('HF_CALL_NOT_SENT', { detail: 'refused' })

  assert.equal(judge(failure, 1_000, jitter(0.5)).verdict, 'away')
})

test('J1: a consumer that is unwell for ever kills no message, and leaves it four tries', () => {
  const unwell = new HoldfastError('HF_DB_UNREACHABLE', { detail: 'its database is away' })
  let attempts = 0

  for (let n = 0; n < 1_000; n += 1) {
    const verdict = judge(unwell, attempts, jitter(0.5))
    assert.equal(verdict.verdict, 'again')
    attempts = verdict.verdict === 'again' ? verdict.attempts : attempts
  }

  assert.equal(ATTEMPTS_MAX - attempts, 4)
  assert.equal(judge(new Error('poison'), ATTEMPTS_MAX - 1, jitter(0.5)).verdict, 'dead')
})

test('J2: the delay is random between 0 and a bound that doubles up to 30 s', () => {
  const bounds = [0, 1, 2, 7, 8, 40].map((failures) => backoffMs(failures, jitter(1)))

  assert.deepEqual(bounds, [200, 400, 800, 25_600, 30_000, 30_000])
  assert.equal(backoffMs(8, jitter(0)), 0)
})

test('J2: Retry-After is honoured, and bounded', () => {
  assert.deepEqual(asked(5_000), {
    verdict: 'again',
    error: 'HF_KEY_BUSY: ',
    attempts: 1,
    delayMs: 5_000,
  })
  assert.deepEqual(asked(1e12), {
    verdict: 'again',
    error: 'HF_KEY_BUSY: ',
    attempts: 1,
    delayMs: 600_000,
  })
})

test('J3: the text of an exception that nobody checked is not kept', () => {
  const verdict = judge(new Error('password=hunter2'), 0, jitter(0))

  assert.equal(verdict.error, 'HF_EVENT_UNDELIVERED: Error')
})

test('J3: a long detail is cut', () => {
  const failure = new HoldfastError('HF_HANDLER_FAILED', { detail: 'x'.repeat(5_000) })

  assert.equal(judge(failure, 0, jitter(0)).error.length, 300)
})
