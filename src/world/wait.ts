/**
 * Waiting with a bound: the two ways in which Holdfast lets time pass.
 *
 * Invariants:
 *   T1. After either function is done, no timer and no listener of it is left.
 */
import type { Timers } from './world.ts'

/** Resolves after `delayMs`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    const onAbort = (): void => {
      cancel()
      reject(signal?.reason)
    }
    const cancel = timers.after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A signal that aborts by time or with its parent. `release` must be called when it is no longer needed. */
export interface TimedSignal {
  readonly signal: AbortSignal
  release(): void
}

/** Something that may have a signal, and makes it only for who asks. */
interface Signalled {
  readonly signal: AbortSignal | undefined
}

/** A fresh signal that aborts with `reason()` after `delayMs`, or with its parent's reason before. */
export function withDeadline(
  timers: Timers,
  delayMs: number,
  reason: () => Error,
  parent?: AbortSignal | Signalled,
): TimedSignal {
  return new Timed(timers, delayMs, reason, parent)
}

/** The signal is made when somebody asks for it: it costs more than the timer, and many never do. */
class Timed implements TimedSignal {
  readonly #parent: AbortSignal | Signalled | undefined
  /** The parent's signal, once this one was asked for. */
  #followed: AbortSignal | undefined
  readonly #cancel: () => void
  #controller: AbortController | undefined
  #late: Error | undefined
  #isReleased = false

  constructor(
    timers: Timers,
    delayMs: number,
    reason: () => Error,
    parent?: AbortSignal | Signalled,
  ) {
    this.#parent = parent
    this.#cancel = timers.after(delayMs, () => {
      this.#late = reason()
      this.#controller?.abort(this.#late)
    })
  }

  get signal(): AbortSignal {
    this.#controller ??= this.#made()
    return this.#controller.signal
  }

  release(): void {
    this.#cancel()
    this.#isReleased = true
    this.#followed?.removeEventListener('abort', this.#onParent)
  }

  #made(): AbortController {
    const controller = new AbortController()
    if (this.#late !== undefined) controller.abort(this.#late)
    else if (!this.#isReleased) this.#follow(controller)
    return controller
  }

  #follow(controller: AbortController): void {
    const parent = this.#parent
    const followed = parent === undefined || 'aborted' in parent ? parent : parent.signal
    this.#followed = followed
    if (followed?.aborted === true) controller.abort(followed.reason)
    else followed?.addEventListener('abort', this.#onParent, { once: true })
  }

  readonly #onParent = (): void => this.#controller?.abort(this.#followed?.reason)
}
