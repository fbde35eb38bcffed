/**
 * Idempotency keys: where they come from, and how they travel.
 *
 * Intuition: the key names an intent. All attempts of one call carry the same, so it is made before
 * the first attempt; both sides derive it from the input where the contract says how.
 *
 * Invariants:
 *   K1. A key has 1 to 255 characters and none that controls: it can stand in a row and in a log.
 *   K2. A key that the caller chose is visible ASCII, so that every HTTP stack carries it unchanged.
 *
 * Source: IETF draft-ietf-httpapi-idempotency-key-header: a structured-field string, quotes included.
 */
import { createHash } from 'node:crypto'
import { HoldfastError } from '#errors'

const CHARS_MAX = 255
const VISIBLE = /^[\x21-\x7e]{1,255}$/

/**
 * The key that the contract derives from a validated input.
 *
 * @throws HF_KEY_INVALID (effect none) if the rule gave something that cannot be a key.
 */
export function derivedKey(rule: (input: never) => string, input: unknown): string {
  // The rule was declared for this schema's output, which the input is; what it returns is checked.
  const key: unknown = rule(input as never)
  if (typeof key === 'string' && isKey(key)) return key
  const found = typeof key === 'string' ? `${key.length} characters` : `a ${typeof key}`
  throw new HoldfastError('HF_KEY_INVALID', {
    detail: `the key rule of the contract gave ${found} for this input, not 1 to ${CHARS_MAX}`,
    fix: 'Let the schema bound the fields from which the key is made.',
  })
}

function isKey(key: string): boolean {
  // oxlint-disable-next-line no-control-regex -- controls are what is refused: PostgreSQL has no NUL.
  return key !== '' && key.length <= CHARS_MAX && key.isWellFormed() && !/[\0-\x1f\x7f]/.test(key)
}

/** @throws HF_KEY_INVALID (effect none) unless the key that a caller chose is 1 to 255 visible ASCII. */
export function chosenKey(key: string): string {
  if (VISIBLE.test(key)) return key
  throw new HoldfastError('HF_KEY_INVALID', {
    detail: `the key has ${key.length} characters; it needs 1 to ${CHARS_MAX}, all visible ASCII`,
  })
}

/**
 * The key in an `Idempotency-Key` header: a quoted string, or bare as Stripe writes it.
 *
 * @throws HF_KEY_MISSING or HF_KEY_INVALID (effect none).
 */
export function readKey(text: string | undefined): string {
  if (text === undefined || text === '') {
    throw new HoldfastError('HF_KEY_MISSING', { detail: 'the request has no Idempotency-Key' })
  }
  if (!text.startsWith('"')) return chosenKey(text)
  const [, quoted] = /^"((?:[\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"$/.exec(text) ?? []
  return chosenKey((quoted ?? '').replaceAll(/\\(["\\])/g, '$1'))
}

/** The header for a key. A derived key that no header can hold is sent as its SHA-256. */
export function writeKey(key: string): string {
  const sent = VISIBLE.test(key) ? key : createHash('sha256').update(key).digest('hex')
  return `"${sent.replaceAll(/["\\]/g, String.raw`\$&`)}"`
}
