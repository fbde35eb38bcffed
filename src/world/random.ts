/**
 * What is made of random numbers: integers without bias worth naming, and identifiers.
 */
import type { Random } from './world.ts'

/** A whole number in [0, below). */
export function randomInteger(random: Random, below: number): number {
  return Math.floor(random.float() * below)
}

/**
 * A time-ordered identifier.
 *
 * @see RFC 9562, section 5.7 (UUID version 7): 48 bits of milliseconds, then randomness. The order is
 *   for indexes only; nothing may conclude from it what happened first.
 */
export function uuid(random: Random, wallMs: number): string {
  const digits = randomHex(random, 16)
  const variant = VARIANTS[Number.parseInt(digits.charAt(16), 16) & 3] ?? '8'
  return `${momentDigits(wallMs)}${digits.slice(13, 16)}-${variant}${digits.slice(17, 20)}-${digits.slice(20)}`
}

/** The last millisecond and its digits: many identifiers are made in one. */
const written = { ms: -1, digits: '' }

function momentDigits(wallMs: number): string {
  const ms = Math.max(0, Math.floor(wallMs))
  if (ms === written.ms) return written.digits
  const text = ms.toString(16).padStart(12, '0')
  written.ms = ms
  written.digits = `${text.slice(0, 8)}-${text.slice(8)}-7`
  return written.digits
}

/** The first digit of the fourth group: two fixed bits, two random ones. */
const VARIANTS = ['8', '9', 'a', 'b'] as const

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** `length` random bytes in lower-case hexadecimal. */
export function randomHex(random: Random, length: number): string {
  return random.hex?.(length) ?? hex(random.bytes(length))
}

/** Bytes in lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += PAIRS[byte] ?? ''
  return text
}
