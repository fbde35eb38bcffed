/**
 * The fence: names every real resource that simulated code creates, with the line that did it.
 *
 * A real timer, socket, file or thread answers at a moment that no seed decides. Node tells of each
 * one through async_hooks, at no measurable cost while promises are left out.
 *
 * Limit: what has no such resource (a captured `Date.now`, a module-level cache) is not seen here, but
 * by running a seed twice; what is over at once is refused in `refused.ts`.
 */
import { AsyncResource, createHook } from 'node:async_hooks'
import { currentActor } from '../actor.ts'

/** Resources that end with the present turn of the event loop, so that order is not in danger. */
const HARMLESS = new Set([
  'TickObject',
  'Microtask',
  'PROMISE',
  'STREAM_END_OF_STREAM',
  'BLOBREADER',
])

/** What Node calls a resource, and what somebody did who has one; the first that fits. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/^(?:Timeout|Immediate)$/, 'started a real timer (kept from before the simulation)'],
  [/^(?:TCP|PIPE|UDP|TLS|HTTP|QUIC)/, 'opened a real socket'],
  [/^(?:GETADDRINFO|GETNAMEINFO|QUERYWRAP|DNSCHANNEL)/, 'asked a real name server'],
  [/^(?:FS|FILEHANDLE|STATWATCHER|DIRHANDLE)/, 'reached for a real file'],
  [/^(?:WORKER|MESSAGEPORT)/, 'started a real thread or a channel to one'],
  [/^PROCESSWRAP/, 'started a real process'],
  [/^(?:TTY|WRITE|SHUTDOWN)/, 'wrote to a real stream'],
  [/^SIGNALWRAP/, 'waits for a real signal'],
]

/** Watches from now on. The result ends it. */
export function watchEscapes(): () => void {
  const hook = createHook({
    trackPromises: false,
    init(_id: number, type: string, _trigger: number, resource: object) {
      // What a library makes by itself only carries its context; it has no moment of its own.
      if (HARMLESS.has(type) || resource instanceof AsyncResource) return
      currentActor()?.escaped(`${wordsFor(type)} (${type})`, deepStack())
    },
  })
  hook.enable()
  return () => hook.disable()
}

/** Lines of Node's own lie above the user's. */
const FRAMES_MAX = 60

function deepStack(): string | undefined {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES_MAX
  const { stack } = new Error('an escape')
  Error.stackTraceLimit = before
  return stack
}

function wordsFor(type: string): string {
  return WORDS.find(([names]) => names.test(type))?.[1] ?? 'did real work'
}
