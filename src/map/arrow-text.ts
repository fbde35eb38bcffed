/**
 * What an arrow promises, in one line: the same words on the terminal, in the drawing and in JSON.
 */
import type { BrokerPromises, BreakerPolicy, HedgePolicy, ResolvedPolicy } from '#model'
import type { EventArrow, HandlerNode } from './graph.ts'
import type { SeenCalls, SeenEvents, Spread } from './observation.ts'
import type { CallNumbers } from './system-map.ts'
import { countText, durationText, plural, shareText } from './units.ts'

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
    ...chosenTexts(arrow.resolved),
    ...(inFlight === undefined ? [] : [`${countText(inFlight)} in the air at worst`]),
  ].join('; ')
}

const transportWords = { http: 'HTTP', session: 'a session' } as const

/** What was declared beyond time and attempts, in the order of the pipeline. */
function chosenTexts({ declared, cache, breaker, hedge, edge }: ResolvedPolicy): string[] {
  const isChosen = (part: string): boolean =>
    Object.keys(declared).some((path) => path === part || path.startsWith(`${part}.`))
  const { inFlightMax, queueMax } = edge.bulkhead
  return [
    ...(cache === undefined ? [] : [`an answer is fresh for ${durationText(cache.freshMs)}`]),
    ...(hedge === undefined ? [] : [hedgeText(hedge)]),
    ...(isChosen('breaker') ? [breakerText(breaker)] : []),
    ...(isChosen('edge.transport') ? [`over ${transportWords[edge.transport]}`] : []),
    ...(isChosen('edge.bulkhead') ? [`${inFlightMax} at once, ${queueMax} wait`] : []),
    ...(isChosen('edge.transport') ? [`over ${edge.transport}`] : []),
    ...(edge.criticality === undefined ? [] : [`claims at most '${edge.criticality}'`]),
  ]
}

function hedgeText({ delayMs }: HedgePolicy): string {
  return `asked twice after ${delayMs === undefined ? 'the usual time' : durationText(delayMs)}`
}

function breakerText(breaker: BreakerPolicy | undefined): string {
  if (breaker === undefined) return 'no breaker'
  const { callsMin, failureShare, openMs } = breaker
  return `refused for ${durationText(openMs)} once ${countText(100 * failureShare)} % of ${callsMin} failed`
}

function ambiguity(kind: 'command' | 'query', key: string | undefined): string {
  if (kind === 'query') return 'asks only'
  if (key === undefined) return 'may be UNKNOWN, and is not repeated'
  return `may be UNKNOWN; repeated under the same ${key === 'key' ? 'key' : key}`
}

/** What a subscriber may rely on. */
export function eventPromise(arrow: EventArrow, broker: BrokerPromises): string {
  const { orderedBy } = arrow
  const order = orderedBy === undefined ? 'in any order' : `in order per ${orderedBy}`
  const carried = carriedText(arrow, broker)
  const over = carried === undefined ? '' : `, ${carried}`
  return `at least once, ${order}, effect once (inbox); behind the outbox${over}`
}

/** What a broker that keeps messages makes of an arrow; `undefined` where there is none. */
function carriedText(
  { acknowledged }: Pick<EventArrow, 'acknowledged'>,
  { name, acknowledged: word, durability }: BrokerPromises,
): string | undefined {
  if (word === 'end-to-end') return undefined
  if (acknowledged === 'end-to-end') return `over ${name}, until the consumer confirms`
  return `until ${name} keeps it; LOST there if ${durability}`
}

/** The same where there is little room: `NATS JetStream R3 · end to end`. */
export function carrierText(
  { acknowledged }: Pick<EventArrow, 'acknowledged'>,
  { name, acknowledged: word }: BrokerPromises,
): string | undefined {
  if (word === 'end-to-end') return undefined
  return acknowledged === 'end-to-end' ? `${name} · end to end` : `${name} · its word`
}

/** What somebody outside may rely on. */
export function entryPromise({ kind, key }: HandlerNode): string {
  if (kind === 'query') return 'reads only'
  const once = key === undefined ? 'no key: not safe to repeat' : `effect once per ${key}`
  return `one transaction; ${once}`
}

/** `p50 38 ms, p99 240 ms, worst 251 ms, 1.08 attempts each, 99.20 % of 1204 answered`. */
export function seenCallsText(seen: SeenCalls): string {
  const { count, ended, attemptsMean } = seen
  const answered = ((ended['done'] ?? 0) + (ended['refused'] ?? 0)) / Math.max(1, count)
  return `${spreadText(seen)}, ${countText(attemptsMean)} attempts each, ${shareText(answered)} of ${count} answered`
}

/** `p50 38 ms, p99 240 ms, worst 251 ms`. */
export function spreadText({ p50Ms, p99Ms, worstMs }: Spread): string {
  return `p50 ${durationText(p50Ms)}, p99 ${durationText(p99Ms)}, worst ${durationText(worstMs)}`
}

/** The same for events, whose time is the lag from commit to acknowledgement. */
export function seenEventsText(seen: SeenEvents): string {
  const { count, duplicates, dead } = seen
  const twice = duplicates === 0 ? '' : `, ${plural(duplicates, 'duplicate')} without effect`
  const lost = dead === 0 ? '' : `, ${plural(dead, 'dead letter')}`
  return `lag ${spreadText(seen)}, ${count} delivered${twice}${lost}`
}
