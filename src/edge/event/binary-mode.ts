/**
 * A CloudEvent in binary mode: its attributes in headers, its data as the body.
 *
 * Holdfast sends the structured mode, in which an event is one value that can be kept and put into a
 * batch. Others prefer this one, because a body that is nothing but the data needs no second parser.
 *
 * @see CloudEvents 1.0.2, HTTP protocol binding, sections 3.1.1 and 3.1.3.
 */
import { HoldfastError } from '#errors'
import { isJson } from '../call/wire.ts'
import { parseJson } from '../call/json.ts'

type Headers = Readonly<Record<string, string>>

/** True if the headers hold a CloudEvent's attributes. */
export function isBinaryMode(headers: Headers): boolean {
  return headers['ce-specversion'] !== undefined
}

/**
 * The same event as the structured mode has it.
 *
 * @throws HF_REQUEST_MALFORMED (effect none) if the data is no JSON, or a header is badly encoded.
 */
export function structuredOf(
  headers: Headers,
  body: Uint8Array,
): Readonly<Record<string, unknown>> {
  const type = headers['content-type']
  if (type !== undefined && !isJson(type)) {
    throw malformed(`its data is ${type.slice(0, 80)}, not application/json`)
  }
  const attributes = Object.entries(headers)
    .filter(([name]) => name.startsWith('ce-'))
    .map(([name, value]) => [name.slice(3), valueOf(name, value)] as const)
  return {
    traceparent: headers['traceparent'],
    ...Object.fromEntries(attributes),
    data: body.length === 0 ? null : parseJson(body),
  }
}

/** A header's value is percent-encoded; the version of the payload is a number. */
function valueOf(name: string, value: string): string | number {
  if (name === 'ce-holdfastversion' && /^[0-9]{1,4}$/.test(value)) return Number(value)
  try {
    return decodeURIComponent(value)
  } catch {
    throw malformed(`the header ${name} is not percent-encoded UTF-8`)
  }
}

function malformed(what: string): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', {
    detail: `not a CloudEvent that can be delivered: ${what}`,
  })
}
