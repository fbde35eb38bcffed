/**
 * Problem documents: how a failure and a refusal look on the wire, written and read.
 *
 * Invariants:
 *   P1. No stack, no SQL, no parameter and no message of an unknown exception is on the wire; whoever
 *       has the trace id finds them in the service's own log.
 *   P2. A failure carries `code` and `effect`; a refusal carries `refusal` and `data`, and no code.
 *
 * @see RFC 9457
 */
import { catalogue, type Code, type Effect, HoldfastError } from '#errors'
import type { WireResponse } from '#world'
import { parseJson } from './json.ts'
import { header, isJson, writeRetryAfter } from './wire.ts'

/** The media type of a problem document. */
const PROBLEM = 'application/problem+json'

/** The status of a declared business no: understood, well formed, and refused. */
export const REFUSED_STATUS = 422

/** An answer on its way out, with what the facts say about it. */
export interface Reply extends WireResponse {
  readonly code: string | undefined
  readonly isReplayed: boolean
}

/** The bytes of a reply as they are sent, for the first time and each time after. */
export function reply(status: number, text: string, isReplayed: boolean): Reply {
  return {
    status,
    headers: {
      [header.contentType]: status >= 400 ? PROBLEM : 'application/json',
      ...(isReplayed ? { [header.replayed]: 'true' } : {}),
    },
    body: new TextEncoder().encode(text),
    code: undefined,
    isReplayed,
  }
}

/** What a caller is told to wait where nobody knows better: long enough not to hammer, in ms. */
const PAUSE_MS_DEFAULT = 1_000

/** The answer that tells a caller about a failure. */
export function problemReply(error: HoldfastError, traceId: string): Reply {
  const { code, effect, fix, advice } = error
  const { status, title } = catalogue[code]
  const document = {
    type: `urn:holdfast:error:${code}`,
    title,
    status,
    detail: isInternal(code)
      ? `the log of the service has the details at trace ${traceId}`
      : error.detail,
    code,
    effect,
    fix,
    traceId,
    ...(code === 'HF_INPUT_INVALID' ? { issues: error.particulars } : {}),
  }
  const { headers, ...sent } = reply(status, JSON.stringify(document), false)
  const pauseMs = error.retryAfterMs ?? (status === 503 ? PAUSE_MS_DEFAULT : undefined)
  const pause = pauseMs === undefined ? {} : { [header.retryAfter]: writeRetryAfter(pauseMs) }
  const retry = advice === undefined ? {} : { [header.retry]: advice }
  return { ...sent, code, headers: { ...headers, ...pause, ...retry } }
}

/** True where the detail was written for the service's operators: bugs, and whatever a database said. */
export function isInternal(code: Code): boolean {
  return catalogue[code].status === 500 || code.startsWith('HF_DB_')
}

/** The body of a refusal. It is stored as the answer, so it names nothing that belongs to one request. */
export function refusalText(operation: string, refusal: string, data: unknown): string {
  return JSON.stringify({
    type: `urn:holdfast:refusal:${operation}:${refusal}`,
    title: `${operation} refused: ${refusal}`,
    status: REFUSED_STATUS,
    effect: 'none',
    refusal,
    data,
  })
}

/** What a caller understands of an answer that is not a success. */
export interface Problem {
  /** A code of this catalogue, if the callee is a Holdfast service that knows it. */
  readonly code: Code | undefined
  readonly effect: Effect
  readonly refusal: string | undefined
  readonly data: unknown
  readonly detail: string
  readonly fix: string | undefined
  readonly issues: unknown
}

/** Details of strangers are cut to this many characters before they reach a message or a log. */
const DETAIL_CHARS_MAX = 300

/** Reads a problem document; `undefined` if the answer is none. */
export function readProblem({ headers, body }: WireResponse): Problem | undefined {
  if (!isJson(headers[header.contentType])) return undefined
  const document = fieldsOf(body)
  if (document === undefined) return undefined
  const { code, effect, refusal, detail, title, fix } = document
  return {
    code: typeof code === 'string' && isCode(code) ? code : undefined,
    effect: effect === 'none' ? 'none' : 'unknown',
    refusal: typeof refusal === 'string' ? refusal : undefined,
    data: document['data'],
    detail: sentence(detail) ?? sentence(title) ?? 'no detail',
    fix: sentence(fix),
    issues: document['issues'],
  }
}

function sentence(value: unknown): string | undefined {
  return typeof value === 'string' ? value.slice(0, DETAIL_CHARS_MAX) : undefined
}

function fieldsOf(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const document = parseJson(body)
    return typeof document === 'object' && document !== null
      ? Object.fromEntries(Object.entries(document))
      : undefined
  } catch {
    // Not JSON is an ordinary answer of a proxy: the status alone then says what happened.
    return undefined
  }
}

function isCode(text: string): text is Code {
  return Object.hasOwn(catalogue, text)
}
