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

/** A fresh signal that aborts with `reason()` after `delayMs`, or with its parent's reason before. */
export function withDeadline(
  timers: Timers,
  delayMs: number,
  reason: () => Error,
  parent?: AbortSignal,
): TimedSignal {
  const controller = new AbortController()
  const onParent = (): void => controller.abort(parent?.reason)
  if (parent?.aborted) onParent()
  parent?.addEventListener('abort', onParent, { once: true })
  const cancel = timers.after(delayMs, () => controller.abort(reason()))
  const release = (): void => {
    cancel()
    parent?.removeEventListener('abort', onParent)
  }
  return { signal: controller.signal, release }
}
