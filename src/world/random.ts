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
  const bytes = random.bytes(16)
  const ms = Math.max(0, Math.floor(wallMs))
  for (let index = 0; index < 6; index += 1)
    bytes[index] = Math.floor(ms / 2 ** (8 * (5 - index))) & 0xff
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const text = hex(bytes)
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
)

/** Bytes in lower-case hexadecimal. */
export function hex(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += PAIRS[byte] ?? ''
  return text
}
