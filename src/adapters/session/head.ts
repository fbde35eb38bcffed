/**
 * The heads of requests and answers: the same lines that HTTP has, with a letter for each common name.
 *
 * Invariants:
 *   H1. What is decoded is what was encoded; a head has one decoding.
 *   H2. A text that could be read as two lines is refused by whoever would send it.
 */
import type { WireResponse } from '#world'
import { refuse } from './frame.ts'

/** A request without its body. */
export interface RequestHead {
  readonly method: string
  readonly path: string
  readonly headers: Headers
}

type Headers = WireResponse['headers']

/** Names that have a letter: the first is `A`. Letters are never given twice; new names go last. */
const NAMES: readonly string[] = [
  'content-type',
  'holdfast-deadline-ms',
  'holdfast-attempt',
  'holdfast-call-id',
  'holdfast-caller',
  'holdfast-criticality',
  'traceparent',
  'idempotency-key',
  'idempotency-replayed',
  'holdfast-retry',
  'retry-after',
  'allow',
  'cache-control',
  'tracestate',
]

const LETTER_A = 65
const letters: ReadonlyMap<string, string> = new Map(
  NAMES.map((name, index) => [name, String.fromCodePoint(LETTER_A + index)]),
)

/** More headers than any program sends; each costs whoever reads them. */
const HEADERS_MAX = 100

/** The head of a request, or `undefined` if it cannot be sent. */
export function encodeRequestHead({ method, path, headers }: RequestHead): string | undefined {
  const lines = method.includes('\n') || path.includes('\n') ? undefined : encodeHeaders(headers)
  return lines === undefined ? undefined : sendable(`${method}\n${path}${lines}`)
}

/** The head of an answer, or `undefined` if it cannot be sent. */
export function encodeAnswerHead({
  status,
  headers,
}: Omit<WireResponse, 'body'>): string | undefined {
  const lines = encodeHeaders(headers)
  return lines === undefined ? undefined : sendable(`${status}${lines}`)
}

/** Reads the head of a request. @throws SessionFault */
export function decodeRequestHead(text: string): RequestHead {
  if (UNSENDABLE.test(text)) refuse('a head holds control characters')
  const methodEnd = text.indexOf('\n')
  const pathEnd = lineEnd(text, methodEnd + 1)
  const method = text.slice(0, Math.max(0, methodEnd))
  const path = text.slice(methodEnd + 1, pathEnd)
  if (!/^[A-Z]{1,20}$/.test(method)) refuse('a request has no method')
  if (!path.startsWith('/')) refuse("a request's path does not begin with /")
  return { method, path, headers: decodeHeaders(text, pathEnd) }
}

/** Reads the head of an answer. @throws SessionFault */
export function decodeAnswerHead(text: string): Omit<WireResponse, 'body'> {
  if (UNSENDABLE.test(text)) refuse('a head holds control characters')
  const end = lineEnd(text, 0)
  const status = text.slice(0, end)
  if (!/^[2-5]\d\d$/.test(status)) refuse(`an answer's status is '${status.slice(0, 20)}'`)
  return { status: Number(status), headers: decodeHeaders(text, end) }
}

/** A line for each header; `undefined` if a value is more than a line, or a name is none. */
function encodeHeaders(headers: Headers): string | undefined {
  let text = ''
  for (const name in headers) {
    const value = headers[name] ?? ''
    const letter = letters.get(name)
    if (value.includes('\n') || (letter === undefined && !NAME.test(name))) return undefined
    text += letter === undefined ? `\n:${name}:${value}` : `\n${letter}${value}`
  }
  return text
}

/** What no line of a head holds: control characters, and what is more than one byte. */
const UNSENDABLE = /[^\t\n -~\u0080-\u00ff]/
const NAME = /^[a-z0-9!#$%&'*+.^_`|~-]{1,64}$/

function sendable(text: string): string | undefined {
  return UNSENDABLE.test(text) ? undefined : text
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}

/** The headers behind the line that ends at `from`. */
function decodeHeaders(text: string, from: number): Headers {
  const headers: Record<string, string> = {}
  let count = 0
  for (let at = from; at < text.length;) {
    const end = lineEnd(text, at + 1)
    let valueAt = at + 2
    let name = NAMES[(text.codePointAt(at + 1) ?? 0) - LETTER_A]
    if (name === undefined) {
      name = literalName(text, at + 1, end)
      valueAt += name.length + 1
    }
    count += 1
    if (count > HEADERS_MAX) refuse(`a head has more than ${HEADERS_MAX} headers`)
    if (Object.hasOwn(headers, name)) refuse(`the header '${name}' stands twice`)
    headers[name] = text.slice(valueAt, end)
    at = end
  }
  return headers
}

/** The name in `:name:value`. */
function literalName(text: string, at: number, end: number): string {
  const nameEnd = text.indexOf(':', at + 1)
  const name = nameEnd === -1 || nameEnd > end ? '' : text.slice(at + 1, nameEnd)
  if (text[at] !== ':' || !NAME.test(name)) refuse('a header has no name')
  return name
}
