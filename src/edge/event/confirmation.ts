/**
 * The confirmation: what the consumer's inbox answered, on its way back to the relay over the broker.
 *
 * It says the same as the answer to an HTTP delivery. One that cannot be read is none: the relay then
 * waits to its limit and sends again.
 */
import type { WireResponse } from '#world'

/** The answer as bytes. */
export function writeConfirmation({ status, headers, body }: WireResponse): Uint8Array {
  const text = new TextDecoder().decode(body)
  return new TextEncoder().encode(JSON.stringify({ status, headers, body: text }))
}

/** The answer in the bytes; `undefined` if it is none. */
export function readConfirmation(bytes: Uint8Array): WireResponse | undefined {
  try {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof document !== 'object' || document === null) return undefined
    const { status, headers, body } = document as Readonly<Record<string, unknown>>
    if (typeof status !== 'number' || typeof body !== 'string') return undefined
    return { status, headers: textsOf(headers), body: new TextEncoder().encode(body) }
  } catch {
    // Somebody else's bytes: the relay must not believe them.
    return undefined
  }
}

function textsOf(headers: unknown): Readonly<Record<string, string>> {
  if (typeof headers !== 'object' || headers === null) return {}
  return Object.fromEntries(
    Object.entries(headers).filter((each): each is [string, string] => typeof each[1] === 'string'),
  )
}
