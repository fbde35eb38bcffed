/**
 * Randomness from the seed, for code that asks JavaScript, WebCrypto or node:crypto for it.
 */
import nodeCrypto from 'node:crypto'
import { type Actor, currentActor } from '../actor.ts'
import type { Patch } from './install.ts'

const real = {
  random: Math.random,
  getRandomValues: globalThis.crypto.getRandomValues.bind(globalThis.crypto),
  randomUUID: nodeCrypto.randomUUID,
  randomBytes: nodeCrypto.randomBytes,
  randomFillSync: nodeCrypto.randomFillSync,
  randomInt: nodeCrypto.randomInt,
}

type Answered<T> = (error: null, value: T) => void

/** What is replaced, and by what. */
export function randomPatches(): readonly Patch[] {
  return [
    { target: Math, key: 'random', value: random },
    { target: globalThis.crypto, key: 'getRandomValues', value: getRandomValues },
    { target: globalThis.crypto, key: 'randomUUID', value: randomUUID },
    { target: nodeCrypto, key: 'randomUUID', value: randomUUID },
    { target: nodeCrypto, key: 'randomBytes', value: randomBytes },
    { target: nodeCrypto, key: 'randomFillSync', value: randomFillSync },
    { target: nodeCrypto, key: 'randomInt', value: randomInt },
  ]
}

function random(): number {
  return currentActor()?.world.random.float() ?? real.random()
}

function getRandomValues<T extends NodeJS.TypedArray>(array: T): T {
  const actor = currentActor()
  // The real function wants an integer array over plain memory, and says so itself if it is not.
  if (actor === undefined) return real.getRandomValues(array as never)
  fill(actor, array)
  return array
}

function randomUUID(): string {
  const actor = currentActor()
  if (actor === undefined) return real.randomUUID()
  const bytes = Buffer.from(actor.world.random.bytes(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  const ends = [0, 8, 12, 16, 20, 32]
  return ends
    .slice(1)
    .map((end, index) => hex.slice(ends[index], end))
    .join('-')
}

function randomBytes(size: number, answered?: Answered<Buffer>): Buffer | void {
  const actor = currentActor()
  if (actor === undefined) {
    return answered === undefined
      ? real.randomBytes(size)
      : real.randomBytes(size, answered as never)
  }
  const bytes = Buffer.from(actor.world.random.bytes(size))
  if (answered === undefined) return bytes
  actor.world.timers.after(0, () => answered(null, bytes))
}

function randomFillSync<T extends NodeJS.ArrayBufferView>(array: T, offset = 0, size?: number): T {
  const actor = currentActor()
  if (actor === undefined) {
    return size === undefined
      ? real.randomFillSync(array, offset)
      : real.randomFillSync(array, offset, size)
  }
  fill(actor, array, offset, size)
  return array
}

function randomInt(...given: readonly (number | Answered<number> | undefined)[]): number | void {
  const actor = currentActor()
  if (actor === undefined) return Reflect.apply(real.randomInt, undefined, given)
  const numbers = given.filter((each) => typeof each === 'number')
  const [min, max] =
    numbers.length === 1 ? [0, numbers[0] ?? 0] : [numbers[0] ?? 0, numbers[1] ?? 0]
  const value = min + Math.floor(actor.world.random.float() * (max - min))
  const answered = given.find((each) => typeof each === 'function')
  if (answered === undefined) return value
  actor.world.timers.after(0, () => answered(null, value))
}

function fill(actor: Actor, view: NodeJS.ArrayBufferView, offset = 0, size?: number): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
  const end = size === undefined ? bytes.length : offset + size
  bytes.set(actor.world.random.bytes(end - offset), offset)
}
