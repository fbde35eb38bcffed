/**
 * The globals that simulated code sees: they ask who runs and answer for that actor.
 *
 * Without an actor (the test runner, the user's own test) each of them is the real one, even while a
 * simulation runs. They are put in place for the time of a simulation only, and taken away after it.
 *
 * Invariants:
 *   G1. `installGlobals` is undone completely by what it returns.
 *   G2. No replaced function reads a clock, a timer or a random number of the machine for an actor.
 *
 * Limit: whoever kept `Date` or `Date.now` in a variable before the simulation began still has the
 * real one. Running a seed twice shows it: the hashes differ.
 */
import { syncBuiltinESMExports } from 'node:module'
import { fetchPatches } from './fetch.ts'
import { gatePatches } from './gate.ts'
import { processPatches } from './process.ts'
import { randomPatches } from './random.ts'
import { refusalPatches } from './refused.ts'
import { serverPatches } from './server.ts'
import { timePatches } from './time.ts'
import { timerPatches } from './timers.ts'
import { unhandledPatch } from './unhandled.ts'

/** One property that is replaced. */
export interface Patch {
  readonly target: object
  readonly key: string | symbol
  readonly value: unknown
}

/** Replaces the globals. The result puts the real ones back. */
export function installGlobals(): () => void {
  const patches = [
    ...timePatches(),
    ...timerPatches(),
    ...randomPatches(),
    ...fetchPatches(),
    ...gatePatches(),
    ...refusalPatches(),
    ...serverPatches(),
    ...processPatches(),
  ]
  const restores = [...patches.map(replace), unhandledPatch()]
  syncBuiltinESMExports()
  return () => {
    for (const restore of restores.toReversed()) restore()
    syncBuiltinESMExports()
  }
}

function replace({ target, key, value }: Patch): () => void {
  const before = Object.getOwnPropertyDescriptor(target, key)
  Object.defineProperty(target, key, {
    configurable: true,
    writable: true,
    enumerable: before?.enumerable ?? false,
    value,
  })
  return () => {
    if (before === undefined) Reflect.deleteProperty(target, key)
    else Object.defineProperty(target, key, before)
  }
}
