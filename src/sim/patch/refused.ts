/**
 * What a simulated process may not do, refused before it begins.
 *
 * A file that was written survives a crash and the seed, a socket and a child process do what no seed
 * decides, and an addon of machine code reaches past everything that is replaced here. `escape.ts` sees
 * what of this takes time; here it has the name that the user knows, and what is over at once is seen.
 */
import nodeChild from 'node:child_process'
import nodeDgram from 'node:dgram'
import nodeFs from 'node:fs'
import nodeHttp from 'node:http'
import nodeHttps from 'node:https'
import { Socket } from 'node:net'
import nodeThreads from 'node:worker_threads'
import { currentActor } from '../actor.ts'
import type { Patch } from './install.ts'
import { Incarnation } from '../process.ts'

type Callable = (...given: readonly unknown[]) => unknown

const WRITES = ['writeFile', 'appendFile', 'mkdir', 'rm', 'unlink', 'rename', 'copyFile'] as const
const CHILDREN = [
  'spawn',
  'exec',
  'execFile',
  'fork',
  'execSync',
  'execFileSync',
  'spawnSync',
] as const

const SOCKET = 'opened a real socket (of the network only `fetch` and servers are simulated)'

/** What is replaced, and by what. */
export function refusalPatches(): readonly Patch[] {
  return [
    ...WRITES.flatMap((key) => [
      refused(nodeFs, `${key}Sync`, () => 'wrote a real file'),
      refused(nodeFs, key, () => 'wrote a real file'),
      refused(nodeFs.promises, key, () => 'wrote a real file'),
    ]),
    ...CHILDREN.map((key) => refused(nodeChild, key, () => 'started a real process')),
    ...[nodeHttp, nodeHttps].flatMap((module) => [
      refused(module, 'request', () => SOCKET),
      refused(module, 'get', () => SOCKET),
    ]),
    refused(Socket.prototype, 'connect', () => SOCKET),
    refused(nodeDgram, 'createSocket', () => SOCKET),
    refused(nodeThreads, 'Worker', () => 'started a real thread'),
    refused(process, 'dlopen', (given) => `loaded the native addon ${addonOf(given)}`),
  ]
}

/** Functions and constructors alike, so a proxy. */
function refused<T extends object>(
  target: T,
  key: keyof T & string,
  what: (given: readonly unknown[]) => string,
): Patch {
  const refuse = (given: readonly unknown[]): void => {
    const actor = currentActor()
    if (!(actor instanceof Incarnation)) return
    const error = new Error(`the simulation refuses ${key}`)
    actor.escaped(what(given), error.stack)
    throw error
  }
  const value = new Proxy(target[key] as Callable, {
    apply: (real, self, given): unknown => {
      refuse(given)
      return Reflect.apply(real, self, given)
    },
    construct: (real, given, newTarget): object => {
      refuse(given)
      // What a constructor gives is an object, though its type does not say so.
      return Reflect.construct(real, given, newTarget) as object
    },
  })
  return { target, key, value }
}

function addonOf(given: readonly unknown[]): string {
  return String(given[1]).split('/').at(-1) ?? ''
}
