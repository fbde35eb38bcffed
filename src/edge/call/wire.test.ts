/**
 * Goal: H2: what a stranger writes into a header is bounded or refused before anybody computes with it.
 * Method: texts made up by chance, near what is right and far from it, for each reader of a header.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isHoldfastError } from '#errors'
import { parseTraceparent } from '#observe'
import { readCriticality } from './criticality.ts'
import { readKey } from './key.ts'
import {
  DEADLINE_MS_MAX,
  isJson,
  readAdvice,
  readCaller,
  readDeadlineMs,
  readRetryAfterMs,
  RETRY_AFTER_MS_MAX,
} from './wire.ts'

/** Numbers as people and attackers write them, structured fields that are broken, and anything. */
const field = fc.oneof(
  fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }).map(String),
  fc.double().map(String),
  fc.constantFrom('', ' ', '-0', '+1', '0x10', '1e3', '1_000', '٣', '1;u=2', '?1', '"', '"a', '\\'),
  fc.constantFrom('critical', 'critical;u=', 'critical-plus;u=999', 'CRITICAL', 'never, later'),
  fc.constantFrom('00-0-0-0', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, `ff-${'a'.repeat(32)}`),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ maxLength: 20 }).map((text) => text.repeat(1_000)),
)

test('a deadline is from 1 ms to the longest that is accepted, or the request is refused', () => {
  fc.assert(
    fc.property(field, (text) => {
      try {
        const ms = readDeadlineMs(text)
        assert.ok(Number.isInteger(ms) && ms >= 1 && ms <= DEADLINE_MS_MAX, `${text}: ${ms}`)
        assert.match(text, /^\d+$/)
      } catch (error) {
        if (!isHoldfastError(error, 'HF_REQUEST_MALFORMED')) throw error
        assert.equal(error.effect, 'none')
        assert.ok(error.message.length < 250, 'a huge header is not repeated')
      }
    }),
    { numRuns: 1_000 },
  )
})

test('an idempotency key is 1 to 255 visible characters, or the request is refused', () => {
  const near = fc.string({ maxLength: 300 }).map((text) => `"${text}"`)
  fc.assert(
    fc.property(fc.oneof(field, near), (text) => {
      try {
        assert.match(readKey(text), /^[\x21-\x7e]{1,255}$/)
      } catch (error) {
        if (!isHoldfastError(error)) throw error
        assert.match(error.code, /^HF_KEY_(MISSING|INVALID)$/)
      }
    }),
    { numRuns: 1_000 },
  )
})

test('what is no advice, pause, name, criticality or trace counts as none', () => {
  fc.assert(
    fc.property(field, (text) => {
      const pauseMs = readRetryAfterMs(text) ?? 0
      assert.ok(pauseMs >= 0 && pauseMs <= RETRY_AFTER_MS_MAX, `${text}: ${pauseMs}`)
      assert.ok([undefined, 'never', 'elsewhere', 'later'].includes(readAdvice(text)))
      assert.match(readCaller(text), /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
      assert.match(readCriticality(text), /^(critical|sheddable)(-plus)?$/)
      const trace = parseTraceparent(text)
      if (trace !== undefined) assert.match(trace.traceId, /^(?!0{32})[0-9a-f]{32}$/)
      assert.equal(typeof isJson(text), 'boolean')
    }),
    { numRuns: 1_000 },
  )
})
