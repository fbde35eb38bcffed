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
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-')
}
