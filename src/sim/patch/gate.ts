/**
 * Real work that a simulated process may wait for: reading files, hashing, compressing.
 *
 * Intuition: such work has one outcome but no certain moment. So it gets one: it starts now, its answer
 * is due at a fixed virtual instant, and when that has come the world stands still until it is there.
 *
 * Invariants:
 *   A1. What a gate lets through depends on the arguments alone, and on files that nobody writes.
 *   A2. The answer arrives `GATE_MS` later, in simulated time, however long the machine took.
 */
import nodeCrypto from 'node:crypto'
import nodeFs from 'node:fs'
import nodeZlib from 'node:zlib'
import { currentActor, never, runAsNobody } from '../actor.ts'
import type { Patch } from './install.ts'
import { Incarnation } from '../process.ts'

/** How long gated work takes, in simulated ms. */
const GATE_MS = 1

const READS = ['readFile', 'readdir', 'stat', 'lstat', 'access', 'realpath'] as const
const DIGESTS = ['pbkdf2', 'scrypt', 'hkdf'] as const
const SUBTLE = [
  'digest',
  'sign',
  'verify',
  'encrypt',
  'decrypt',
  'importKey',
  'exportKey',
  'deriveBits',
  'deriveKey',
] as const
const ZIPS = [
  'gzip',
  'gunzip',
  'deflate',
  'inflate',
  'deflateRaw',
  'inflateRaw',
  'unzip',
  'brotliCompress',
  'brotliDecompress',
] as const

type Work = (...given: readonly unknown[]) => unknown
type Settled = { readonly value: unknown } | { readonly error: unknown }

/** What is replaced, and by what. */
export function gatePatches(): readonly Patch[] {
  const { subtle } = globalThis.crypto
  return [
    ...READS.map((key) => promised(nodeFs.promises, key)),
    ...SUBTLE.map((key) => promised(subtle, key)),
    ...READS.map((key) => calledBack(nodeFs, key)),
    ...ZIPS.map((key) => calledBack(nodeZlib, key)),
    ...DIGESTS.map((key) => calledBack(nodeCrypto, key)),
  ]
}

/** A function that gives a promise. */
function promised<T extends object>(target: T, key: keyof T & string): Patch {
  const real = (target[key] as Work).bind(target)
  const value = async (...given: readonly unknown[]): Promise<unknown> => {
    const actor = gated()
    if (actor === undefined) return real(...given)
    if (actor.isDead) return never()
    const settled = await later(actor, async () => settle(real(...given)))
    if ('error' in settled) throw settled.error
    return settled.value
  }
  return { target, key, value }
}

/** A function whose last argument hears of the answer. */
function calledBack<T extends object>(target: T, key: keyof T & string): Patch {
  const real = target[key] as Work
  const value = (...given: readonly unknown[]): unknown => {
    const actor = gated()
    const answered = given.at(-1)
    if (actor === undefined || typeof answered !== 'function') {
      return Reflect.apply(real, target, given)
    }
    if (actor.isDead) return undefined
    const work = async (): Promise<Settled> =>
      new Promise((resolve) => {
        const done = (...answer: readonly unknown[]): void => resolve({ value: answer })
        Reflect.apply(real, target, [...given.slice(0, -1), done])
      })
    const told = async (): Promise<void> => {
      const settled = await later(actor, work)
      const answer = 'value' in settled && Array.isArray(settled.value) ? settled.value : []
      Reflect.apply(answered, undefined, answer)
    }
    void told()
    return undefined
  }
  // `promisify` of some of these gives something of its own, which is gated by the real function.
  return { target, key, value: Object.assign(value, customsOf(real)) }
}

function customsOf(real: object): object {
  return Object.fromEntries(
    Object.getOwnPropertySymbols(real).map((key) => [key, Reflect.get(real, key)]),
  )
}

function gated(): Incarnation | undefined {
  const actor = currentActor()
  return actor instanceof Incarnation ? actor : undefined
}

/** Does the work outside of the world, and gives its answer inside, at its time. */
function later(actor: Incarnation, work: () => Promise<Settled>): Promise<Settled> {
  const real = runAsNobody(work)
  return new Promise((resolve) => {
    // The schedule waits for a promise that an event gives: here, for the machine.
    const due: () => unknown = async () => real.then(resolve)
    actor.world.timers.after(GATE_MS, due)
  })
}

async function settle(work: unknown): Promise<Settled> {
  try {
    return { value: await work }
  } catch (error) {
    return { error }
  }
}
