/**
 * What an arrow promises, in one line: the same words on the terminal, in the drawing and in JSON.
 */
import type { EventArrow, HandlerNode } from './graph.ts'
import type { SeenCalls, SeenEvents } from './observation.ts'
import type { CallNumbers } from './system-map.ts'
import { countText, durationText } from './units.ts'

/** `2 s over 3 attempts`. */
export function callPolicyText({ arrow: { policy } }: CallNumbers): string {
  const { deadlineMs, attemptsMax } = policy
  const time = durationText(deadlineMs)
  return attemptsMax === 1 ? `${time}, 1 attempt` : `${time} over ${attemptsMax} attempts`
}

/** What a caller may rely on. */
export function callPromise(numbers: CallNumbers, key: string | undefined): string {
  const { arrow, fit, inFlight } = numbers
  const { attemptsMax, hasFallback } = arrow.policy
  const slow = fit.slow < attemptsMax ? ` (${fit.slow} if each is waited for)` : ''
  return [
    callPolicyText(numbers) + slow,
    ambiguity(arrow.kind, key),
    ...(hasFallback ? ['a declared value if it fails'] : []),
    ...(inFlight === undefined ? [] : [`${countText(inFlight)} in the air at worst`]),
  ].join('; ')
}

function ambiguity(kind: 'command' | 'query', key: string | undefined): string {
  if (kind === 'query') return 'asks only'
  if (key === undefined) return 'may be UNKNOWN, and is not repeated'
  return `may be UNKNOWN; repeated under the same ${key === 'key' ? 'key' : key}`
}

/** What a subscriber may rely on. */
export function eventPromise({ orderedBy }: EventArrow): string {
  const order = orderedBy === undefined ? 'in any order' : `in order per ${orderedBy}`
  return `at least once, ${order}, effect once (inbox); behind the outbox`
}

/** What somebody outside may rely on. */
export function entryPromise({ kind, key }: HandlerNode): string {
  if (kind === 'query') return 'reads only'
  const once = key === undefined ? 'no key: not safe to repeat' : `effect once per ${key}`
  return `one transaction; ${once}`
}

/** `p50 38 ms, p99 240 ms, 1.08 attempts, 1,204 calls`. */
export function seenCallsText(seen: SeenCalls): string {
  const { count, p50Ms, p99Ms, attemptsMean } = seen
  return `p50 ${durationText(p50Ms)}, p99 ${durationText(p99Ms)}, ${countText(attemptsMean)} attempts each, ${count} seen`
}

/** The same for events, whose time is the lag from commit to acknowledgement. */
export function seenEventsText({ count, p50Ms, p99Ms, duplicates }: SeenEvents): string {
  const twice = duplicates === 0 ? '' : `, ${duplicates} swallowed as duplicates`
  return `lag p50 ${durationText(p50Ms)}, p99 ${durationText(p99Ms)}, ${count} seen${twice}`
}
