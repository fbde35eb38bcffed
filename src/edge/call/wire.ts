/**
 * The words of the wire: header names, and the numbers that they carry.
 *
 * Invariants:
 *   H1. A deadline travels as the whole milliseconds that are left, never as a moment.
 *   H2. What a stranger wrote is bounded or refused before anybody computes with it.
 */
import { HoldfastError, type RetryAdvice } from '#errors'

/** Header names of Holdfast and of the standards that it follows, lower case. */
export const header = {
  attempt: 'holdfast-attempt',
  callId: 'holdfast-call-id',
  caller: 'holdfast-caller',
  contentType: 'content-type',
  criticality: 'holdfast-criticality',
  deadline: 'holdfast-deadline-ms',
  degraded: 'holdfast-degraded',
  key: 'idempotency-key',
  replayed: 'idempotency-replayed',
  retry: 'holdfast-retry',
  retryAfter: 'retry-after',
  traceparent: 'traceparent',
} as const

/** What a service gives to a caller that named no deadline, in ms. */
const DEADLINE_MS_DEFAULT = 5_000

/** The longest deadline that a service accepts, in ms; what is over it is cut. */
export const DEADLINE_MS_MAX = 60_000

/**
 * The deadline that a caller sent, in ms.
 *
 * @throws HF_REQUEST_MALFORMED (effect none) unless it is a positive whole number.
 */
export function readDeadlineMs(text: string | undefined): number {
  if (text === undefined) return DEADLINE_MS_DEFAULT
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (ms > 0) return Math.min(ms, DEADLINE_MS_MAX)
  throw new HoldfastError('HF_REQUEST_MALFORMED', {
    detail: `${header.deadline} is '${text.slice(0, 40)}', not a positive whole number of milliseconds`,
  })
}

/** Who says that he calls, or `'anonymous'`. */
export function readCaller(text: string | undefined): string {
  return text !== undefined && /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) ? text : 'anonymous'
}

/** The longest pause that a caller is told of, in ms; who asks for a year is told to wait a day. */
export const RETRY_AFTER_MS_MAX = 86_400_000

/** `Retry-After` in ms, or `undefined` where it is absent or a date: wall clocks disagree. */
export function readRetryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,9}$/.test(text)) return undefined
  return Math.min(Number(text) * 1_000, RETRY_AFTER_MS_MAX)
}

/** The advice of a callee about another attempt; what is not one of the three words is none. */
export function readAdvice(text: string | undefined): RetryAdvice | undefined {
  return text === 'never' || text === 'elsewhere' || text === 'later' ? text : undefined
}

/** `Retry-After` counts whole seconds; rounding up never invites anybody early. */
export function writeRetryAfter(ms: number): string {
  return String(Math.ceil(ms / 1_000))
}

/** True for `application/json` and `application/problem+json`, with whatever parameters. */
export function isJson(contentType: string | undefined): boolean {
  return /^application\/(?:[a-z0-9.-]+\+)?json *(?:;|$)/i.test(contentType ?? '')
}
