/**
 * What a caller sent, as one value: the body, the fields of the query string, those of the path.
 *
 * Invariants:
 *   B1. At most 1 MiB is read, and nothing is parsed that does not say that it is JSON.
 *   B2. What stands in the path wins: it is what routed the request.
 */
import { HoldfastError } from '#errors'
import type { IncomingRequest } from '#world'
import { checkShape, parseJson } from './json.ts'
import type { Params } from './route.ts'
import { header, isJson } from './wire.ts'

/** Larger inputs belong into a store, with a reference in the input. */
const BODY_BYTES_MAX = 1_048_576

/**
 * The input of an operation, before its schema has seen it.
 *
 * @throws HF_BODY_TOO_LARGE, HF_REQUEST_MALFORMED (effect none).
 */
export async function readInput(request: IncomingRequest, params: Params): Promise<unknown> {
  const hasBody = request.method !== 'GET'
  const sent = hasBody ? await readBody(request) : queryFields(request.path)
  // What was read as JSON was checked there.
  if (hasBody && Object.keys(params).length === 0) return sent
  const input = merged(sent, params)
  checkShape(input)
  return input
}

async function readBody(request: IncomingRequest): Promise<unknown> {
  const { headers } = request
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw malformed(`the content encoding '${short(encoding)}' is not read`)
  const bytes = await request.readBody(BODY_BYTES_MAX)
  if (bytes.length === 0) return undefined
  const contentType = headers[header.contentType]
  if (isJson(contentType)) return parseJson(bytes)
  throw malformed(`the content type is '${short(contentType ?? '')}', not application/json`)
}

/** The query string as strings; a field that is repeated is a list of them. */
function queryFields(path: string): Readonly<Record<string, string | string[]>> {
  const fields = new URLSearchParams(path.includes('?') ? path.slice(path.indexOf('?')) : '')
  return Object.fromEntries(
    [...new Set(fields.keys())].map((name) => {
      const [first = '', ...more] = fields.getAll(name)
      return [name, more.length === 0 ? first : [first, ...more]]
    }),
  )
}

function merged(sent: unknown, params: Params): unknown {
  if (sent !== undefined && (typeof sent !== 'object' || sent === null || Array.isArray(sent))) {
    throw malformed('the path has fields of the input, so the body must be a JSON object')
  }
  const decoded = Object.entries(params).map(([name, text]) => [name, decodedSegment(text)])
  return { ...sent, ...Object.fromEntries(decoded) }
}

function decodedSegment(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw malformed(`'${short(text)}' in the path is not percent-encoded UTF-8`, cause)
  }
}

function short(text: string): string {
  return text.slice(0, 80)
}

function malformed(detail: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', { detail, cause })
}
