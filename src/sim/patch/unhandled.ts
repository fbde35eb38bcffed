/**
 * Errors that nobody caught, told to the process they happened in.
 *
 * Node asks once for the whole machine process. While a simulation runs we answer first: an error with
 * an actor kills that actor's incarnation, one without goes to whoever listened before.
 */
import { currentActor } from '../actor.ts'

const EVENTS = ['unhandledRejection', 'uncaughtException'] as const

/** Takes the listeners' place. The result gives it back. */
export function unhandledPatch(): () => void {
  const restores = EVENTS.map((event) => {
    // Node's listeners of both events take the error first, and are called with whatever we get.
    const before = process.listeners(event as 'uncaughtException')
    const listener = (error: Error, ...rest: unknown[]): void => {
      const actor = currentActor()
      if (actor !== undefined) return actor.failed(error)
      if (before.length === 0) throw error
      for (const each of before) Reflect.apply(each, process, [error, ...rest])
    }
    process.removeAllListeners(event)
    process.on(event as 'uncaughtException', listener)
    return () => {
      process.removeListener(event, listener)
      for (const each of before) process.on(event as 'uncaughtException', each)
    }
  })
  return () => {
    for (const restore of restores) restore()
  }
}
