/**
 * `process`, the console and `fetch`'s neighbours as a plain service sees them: its own process.
 *
 * Invariants:
 *   O1. A plain service reads no variable of the machine's environment: only those that its scenario
 *       gives it.
 *   O2. `process.exit` ends the simulated process, and no other.
 *   O3. What a plain service prints stands in the trace, and nowhere else.
 *   O4. A stack, as a plain service reads it, is the same in each run and on each machine: programs put
 *       it into answers and logs.
 */
import { format } from 'node:util'
import { currentHousehold } from '../plain/household.ts'
import type { Patch } from './install.ts'
import { isOwn } from '../place.ts'

const LEVELS = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
const LISTENING = [
  'on',
  'once',
  'addListener',
  'off',
  'removeListener',
  'removeAllListeners',
  'prependListener',
] as const

/** Longer lines are cut, in characters. */
const LINE_MAX = 500

/** What is replaced, and by what. */
export function processPatches(): readonly Patch[] {
  return [
    { target: process, key: 'env', value: simulatedEnv() },
    { target: process, key: 'exit', value: simulatedExit() },
    { target: Error, key: 'prepareStackTrace', value: prepareStack },
    ...LISTENING.map((key) => ({ target: process, key, value: deaf(key) })),
    ...LEVELS.map((key) => ({ target: console, key, value: told(console[key].bind(console)) })),
    { target: process.stdout, key: 'write', value: written(process.stdout) },
    { target: process.stderr, key: 'write', value: written(process.stderr) },
  ]
}

/** An object of which everybody sees another one, so a proxy. */
function simulatedEnv(): NodeJS.ProcessEnv {
  const real = process.env
  const here = (): NodeJS.ProcessEnv => currentHousehold()?.env ?? real
  return new Proxy(real, {
    get: (_, name) => Reflect.get(here(), name),
    set: (_, name, value) => Reflect.set(here(), name, value),
    has: (_, name) => Reflect.has(here(), name),
    deleteProperty: (_, name) => Reflect.deleteProperty(here(), name),
    ownKeys: () => Reflect.ownKeys(here()),
    getOwnPropertyDescriptor: (_, name) => Reflect.getOwnPropertyDescriptor(here(), name),
  })
}

function simulatedExit(): typeof process.exit {
  const real = process.exit.bind(process)
  return (...given) => {
    const household = currentHousehold()
    // With an argument, even `undefined`, Node forgets `process.exitCode`.
    if (household === undefined) return real(...given)
    const [code] = given
    household.exit(Number(code ?? 0))
    // Nothing may run after it, and nobody hears what the dead throw.
    throw new Error(`process.exit(${code ?? 0})`)
  }
}

/** The text that Node makes of a stack, less what only this machine and this run have. */
function prepareStack(error: Error, frames: readonly { toString(): string }[]): string {
  const lines = frames.map((frame) => `    at ${frame.toString()}`)
  if (currentHousehold() === undefined) return [String(error), ...lines].join('\n')
  const text = [String(error), ...lines.filter((line) => !isOwn(line))].join('\n')
  return text.replaceAll(PACKAGE, '/node_modules/').replaceAll(TAGGED, 'file://$1')
}

/** Where packages lie, and a module of the user's, of whose path two parts stay. */
const PACKAGE = /(?:file:\/\/)?\/[^\s()]*\/node_modules\//g
const TAGGED = /file:\/\/[^\s()?]*?((?:\/[^/\s()?]+){1,2})\?holdfast=\d+/g

/** Signals and warnings of the machine are not for plain services: what ends them is a crash. */
function deaf(key: (typeof LISTENING)[number]): unknown {
  const real: unknown = process[key].bind(process)
  return (...given: readonly unknown[]) =>
    currentHousehold() === undefined
      ? Reflect.apply(real as () => unknown, process, given)
      : process
}

/** One line of the trace. */
function lineOf(text: string): string {
  return (text.split('\n', 1)[0] ?? '').slice(0, LINE_MAX)
}

function told(real: (...given: unknown[]) => void): (...given: unknown[]) => void {
  return (...given) => {
    const household = currentHousehold()
    if (household === undefined) real(...given)
    else household.said(lineOf(format(...given)))
  }
}

function written(stream: NodeJS.WriteStream): unknown {
  const real = stream.write.bind(stream) as (...given: readonly unknown[]) => boolean
  return (...given: readonly unknown[]) => {
    const household = currentHousehold()
    if (household === undefined) return real(...given)
    household.said(lineOf(String(given[0])))
    const done = given.findLast((each) => typeof each === 'function')
    if (done !== undefined) queueMicrotask(() => Reflect.apply(done, undefined, []))
    return true
  }
}
