/**
 * The fence: names every real resource that simulated code creates, with the line that did it.
 *
 * A real timer, socket, file or thread answers at a moment that no seed decides. Node tells of each
 * one through async_hooks, at no measurable cost while promises are left out.
 *
 * Limit: what has no such resource (a captured `Date.now`, a module-level cache) is not seen here, but
 * by running a seed twice.
 */
import { createHook } from 'node:async_hooks'
import { currentActor } from './actor.ts'

/** Resources that end with the present turn of the event loop, so that order is not in danger. */
const HARMLESS = new Set([
  'TickObject',
  'Microtask',
  'PROMISE',
  'STREAM_END_OF_STREAM',
  'BLOBREADER',
])

/** Lines of the stack that are not the user's. */
const OURS = /node:internal|async_hooks|\/sim\/escape\.ts/

/** Watches from now on. The result ends it. */
export function watchEscapes(): () => void {
  const hook = createHook({
    trackPromises: false,
    init(_id: number, type: string) {
      if (HARMLESS.has(type)) return
      currentActor()?.escaped(`${type} ${whence()}`)
    },
  })
  hook.enable()
  return () => hook.disable()
}

function whence(): string {
  const stack = new Error('escape').stack?.split('\n').slice(1) ?? []
  return stack.find((line) => !OURS.test(line))?.trim() ?? 'at an unknown line'
}
