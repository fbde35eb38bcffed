/**
 * Everything that a seed decides.
 *
 * Intuition: a decision is not the next number of one long sequence but a hash of its own name, such
 * as (seed, 'loss orders>payments', 4). Take one fault away and no other decision moves; that is what
 * makes a failing run comparable with the same run less one fault. Only what user code draws for
 * itself comes from a sequence, one for each incarnation of a process.
 *
 * Invariants:
 *   R1. `chance` and `Stream` are functions of their arguments: no clock, no counter outside.
 *   R2. Two names that differ give unrelated decisions.
 *
 * Source: counter-based random numbers (Salmon et al., SC 2011); the mixer is murmur3's finalizer,
 *   the stream is sfc32 of PractRand.
 */
import type { Random } from '#world'

const TWO_TO_32 = 4_294_967_296

/** FNV-1a of a text, as 32 bits. */
export function hash32(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  }
  return hash >>> 0
}

/** A number in [0, 1) that depends on nothing but the seed, the name and the ordinal. */
export function chance(seed: number, name: string, ordinal = 0): number {
  const keyed = mix(mix(seed) ^ hash32(name))
  return mix(keyed + Math.imul(ordinal + 1, 0x9e3779b1)) / TWO_TO_32
}

/** Spreads every bit of a 32-bit number over all of them. */
export function mix(number: number): number {
  let mixed = number
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

/** A sequence of random numbers of its own, for code that draws without naming what for. */
export class Stream implements Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number, name: string) {
    this.#a = mix(mix(seed) ^ hash32(name))
    this.#b = mix(this.#a + 1)
    this.#c = mix(this.#b + 2)
    // Twelve rounds are what sfc32's author asks for, until every bit of the seed is everywhere.
    for (let round = 0; round < 12; round += 1) this.bits()
  }

  /** 32 random bits. */
  bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  float(): number {
    return this.bits() / TWO_TO_32
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let index = 0; index < bytes.length; index += 1) bytes[index] = this.bits() & 0xff
    return bytes
  }
}
