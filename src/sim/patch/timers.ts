/**
 * Timers in virtual time, for code that uses Node's own.
 */
import nodeTimers from 'node:timers'
import nodeTimersPromises from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Actor, currentActor, never } from '../actor.ts'
import type { Patch } from './install.ts'

type Run = (...given: unknown[]) => void
type Clear = (timer: unknown) => void

const real = {
  setTimeout: globalThis.setTimeout,
  setInterval: globalThis.setInterval,
  setImmediate: globalThis.setImmediate,
  clearTimeout: globalThis.clearTimeout,
  clearInterval: globalThis.clearInterval,
  clearImmediate: globalThis.clearImmediate,
  delay: nodeTimersPromises.setTimeout,
  turn: nodeTimersPromises.setImmediate,
  ticks: nodeTimersPromises.setInterval,
  wait: nodeTimersPromises.scheduler.wait.bind(nodeTimersPromises.scheduler),
  makeWay: nodeTimersPromises.scheduler.yield.bind(nodeTimersPromises.scheduler),
  signalAfter: AbortSignal.timeout.bind(AbortSignal),
}

/** Longer delays overflow in Node and fire at once; so do they here. */
const DELAY_MS_MAX = 2_147_483_647

/** What is replaced, and by what. */
export function timerPatches(): readonly Patch[] {
  // Whatever is cleared and not ours came from the real function of the same name.
  const replaced: Readonly<Record<string, unknown>> = {
    setTimeout: Object.assign(timeout, { [promisify.custom]: delay }),
    setInterval: interval,
    setImmediate: Object.assign(immediate, { [promisify.custom]: turn }),
    clearTimeout: clear(real.clearTimeout as Clear),
    clearInterval: clear(real.clearInterval as Clear),
    clearImmediate: clear(real.clearImmediate as Clear),
  }
  return [
    ...Object.entries(replaced).flatMap(([key, value]) => [
      { target: globalThis, key, value },
      { target: nodeTimers, key, value },
    ]),
    { target: nodeTimersPromises, key: 'setTimeout', value: delay },
    { target: nodeTimersPromises, key: 'setImmediate', value: turn },
    { target: nodeTimersPromises, key: 'setInterval', value: ticks },
    { target: nodeTimersPromises.scheduler, key: 'wait', value: wait },
    { target: nodeTimersPromises.scheduler, key: 'yield', value: makeWay },
    { target: AbortSignal, key: 'timeout', value: signalAfter },
  ]
}

/** What `setTimeout` gives in the simulation: the part of Node's `Timeout` that programs use. */
class SimulatedTimer {
  readonly #actor: Actor
  readonly #delayMs: number
  readonly #isRepeated: boolean
  readonly #run: () => void
  #cancel: () => void = () => {}

  constructor(actor: Actor, wanted: unknown, isRepeated: boolean, run: () => void) {
    const delayMs = Math.trunc(Number(wanted))
    this.#actor = actor
    this.#delayMs = delayMs >= 1 && delayMs <= DELAY_MS_MAX ? delayMs : 1
    this.#isRepeated = isRepeated
    this.#run = run
    this.#arm()
  }

  clear(): void {
    this.#cancel()
  }

  close(): this {
    this.#cancel()
    return this
  }

  refresh(): this {
    this.#cancel()
    this.#arm()
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  [Symbol.dispose](): void {
    this.#cancel()
  }

  #arm(): void {
    this.#cancel = this.#actor.world.timers.after(this.#delayMs, () => {
      if (this.#isRepeated) this.#arm()
      this.#run()
    })
  }
}

function timeout(run: Run, delayMs?: number, ...given: unknown[]): unknown {
  const actor = currentActor()
  if (actor === undefined) return real.setTimeout(run, delayMs, ...given)
  return new SimulatedTimer(actor, delayMs, false, () => run(...given))
}

function interval(run: Run, delayMs?: number, ...given: unknown[]): unknown {
  const actor = currentActor()
  if (actor === undefined) return real.setInterval(run, delayMs, ...given)
  return new SimulatedTimer(actor, delayMs, true, () => run(...given))
}

function immediate(run: Run, ...given: unknown[]): unknown {
  const actor = currentActor()
  if (actor === undefined) return real.setImmediate(run, ...given)
  const clearIt = actor.world.timers.after(0, () => run(...given))
  return { clear: clearIt, ref: () => undefined, unref: () => undefined, hasRef: () => true }
}

function clear(realClear: Clear): Clear {
  return (timer) => {
    if (isSimulated(timer)) timer.clear()
    else realClear(timer)
  }
}

function isSimulated(timer: unknown): timer is { readonly clear: () => void } {
  return typeof timer === 'object' && timer !== null && 'clear' in timer
}

async function delay<T>(
  delayMs?: number,
  value?: T,
  options: { readonly signal?: AbortSignal } = {},
): Promise<T> {
  const actor = currentActor()
  if (actor === undefined) return real.delay(delayMs, value, options)
  if (actor.isDead) return never()
  const { signal } = options
  await new Promise<void>((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal))
    const timer = new SimulatedTimer(actor, delayMs, false, () => resolve())
    const onAbort = (): void => {
      timer.clear()
      reject(signal && aborted(signal))
    }
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  // As in Node: without a value the result is undefined, whatever T says.
  return value as T
}

async function turn<T>(value?: T): Promise<T> {
  const actor = currentActor()
  if (actor === undefined) return real.turn(value)
  if (actor.isDead) return never()
  await new Promise<void>((resolve) => actor.world.timers.after(0, resolve))
  // As in Node: without a value the result is undefined, whatever T says.
  return value as T
}

function ticks<T>(
  delayMs?: number,
  value?: T,
  options: { readonly signal?: AbortSignal } = {},
): AsyncIterable<T> {
  if (currentActor() === undefined) return real.ticks(delayMs, value, options)
  return each(delayMs, value, options)
}

async function* each<T>(
  delayMs: number | undefined,
  value: T | undefined,
  options: { readonly signal?: AbortSignal },
): AsyncGenerator<T> {
  // oxlint-disable-next-line no-await-in-loop -- one tick after another; whoever reads decides how many.
  for (;;) yield delay<T>(delayMs, value, options)
}

async function wait(delayMs: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
  if (currentActor() === undefined) return real.wait(delayMs, options)
  await delay(delayMs, undefined, options)
}

async function makeWay(): Promise<void> {
  if (currentActor() === undefined) return real.makeWay()
  await turn()
}

function aborted({ reason }: AbortSignal): Error {
  return Object.assign(new Error('The operation was aborted', { cause: reason }), {
    name: 'AbortError',
    code: 'ABORT_ERR',
  })
}

function signalAfter(delayMs: number): AbortSignal {
  const actor = currentActor()
  if (actor === undefined) return real.signalAfter(delayMs)
  const controller = new AbortController()
  const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError')
  actor.world.timers.after(delayMs, () => controller.abort(reason))
  return controller.signal
}
