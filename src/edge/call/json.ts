/**
 * JSON from strangers, and JSON that is always written the same way.
 *
 * Invariants:
 *   J1. What `parseJson` returns nests at most 64 deep and has no own key `__proto__`, so that code
 *       which walks or merges it neither overflows the stack nor changes a prototype.
 *   J2. `canonicalJson` depends on the value alone, not on the order in which it was built.
 *
 * Source: RFC 8259; the canonical form follows RFC 8785 in spirit (keys sorted by code unit).
 */
import { createHash } from 'node:crypto'
import { HoldfastError } from '#errors'

/** Deeper than any document that people design; far below what overflows a recursive validator. */
const DEPTH_MAX = 64

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Reads bytes as one JSON document.
 *
 * @throws HF_REQUEST_MALFORMED (effect none) if they are not UTF-8, not JSON, nested more than 64
 *   deep, or hold the key `__proto__`.
 */
export function parseJson(bytes: Uint8Array): unknown {
  let document: unknown
  try {
    document = JSON.parse(utf8.decode(bytes))
  } catch (cause) {
    throw malformed(`${bytes.length} bytes are not a JSON document in UTF-8`, cause)
  }
  checkShape(document)
  return document
}

/** Refuses what would hurt whoever walks it. Recursive, but never deeper than it allows. */
export function checkShape(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= DEPTH_MAX) throw malformed(`the JSON nests more than ${DEPTH_MAX} levels deep`)
  if (Array.isArray(value)) {
    for (const inner of value) checkShape(inner, depth + 1)
    return
  }
  if (Object.hasOwn(value, '__proto__')) throw malformed("the JSON holds the key '__proto__'")
  for (const inner of Object.values(value)) checkShape(inner, depth + 1)
}

function malformed(detail: string, cause?: unknown): HoldfastError {
  return new HoldfastError('HF_REQUEST_MALFORMED', { detail, cause })
}

/** The value as JSON with sorted keys. What a schema makes of JSON (dates, maps) is written too. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined'
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (value instanceof Map || value instanceof Set) return canonicalJson([...value])
  if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON())
  const fields = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`)
  return `{${fields.join()}}`
}

/** What tells one input from another: SHA-256 over the canonical form. */
export function fingerprint(value: unknown): Uint8Array {
  return new Uint8Array(createHash('sha256').update(canonicalJson(value)).digest())
}
