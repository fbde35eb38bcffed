/**
 * What the status of an answer proves about the callee, and what else of an error does.
 *
 * Invariants:
 *   T1. A status alone proves that nothing happened only for 429 and 503, which say "not now", and the
 *       4xx that say "not like this"; 408 and 409 may follow an attempt that still runs.
 *   T2. Whoever sent more than one request proves nothing by the failure of one of them.
 */
import type { Code } from '#errors'
import type { OutcomeClass } from '#policy'

/** A failure as the scheduler, the circuit and the caller understand it. */
export interface Meaning {
  readonly code: Code
  /** @defaultValue what the code says */
  readonly class?: OutcomeClass
}

/**
 * What an error means that your own function threw. `unsent`, `busy` and `throttled`: nothing happened,
 * and it may be tried again. `denied`: nothing happened, and asking again would not help. `unknown`: it
 * may have happened.
 */
export type ThrownWord = 'unsent' | 'busy' | 'throttled' | 'denied' | 'unknown'

/** What an error says about the attempt that threw it. */
export interface Thrown {
  readonly means: ThrownWord
  /** No attempt begins before this time has passed, in ms. */
  readonly retryAfterMs?: number
}

/** What each word means to the call edge. */
export const meanings: Readonly<Record<ThrownWord, Meaning>> = {
  unsent: { code: 'HF_CALL_NOT_SENT' },
  busy: { code: 'HF_CALL_REJECTED' },
  throttled: { code: 'HF_CALL_REJECTED', class: 'throttled' },
  denied: { code: 'HF_CALL_DENIED' },
  unknown: { code: 'HF_CALL_FAILED' },
}

/** The word for a status; `undefined` for one that is no failure. */
export function wordOfStatus(status: number): ThrownWord | undefined {
  if (status === 429) return 'throttled'
  if (status === 503) return 'busy'
  if (status === 408 || status === 409) return 'unknown'
  if (status >= 400 && status <= 499) return 'denied'
  return status >= 500 ? 'unknown' : undefined
}

/** Codes of Node and undici for a connection that was never made. */
const unconnected: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/**
 * Reads the error of a function that sends one request and does nothing else: a `status`, `statusCode`
 * or `response.status`, as most clients put it there, or a connection that was never made.
 *
 * Not the default: of a function that sends two requests, the first may have acted when the second was
 * refused (T2).
 *
 * @example
 * const stripe = wrap(pay, { charge }, { meaningOf: ofOneRequest })
 */
export function ofOneRequest(error: unknown): Thrown {
  const status = [
    field(error, 'status'),
    field(error, 'statusCode'),
    field(error, 'response', 'status'),
  ]
  const found = status.find((each) => typeof each === 'number')
  if (found !== undefined) return { means: wordOfStatus(found) ?? 'unknown' }
  const isUnconnected = unconnected.has(field(error, 'code') ?? field(error, 'cause', 'code'))
  return { means: isUnconnected ? 'unsent' : 'unknown' }
}

function field(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, name) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined,
    value,
  )
}
