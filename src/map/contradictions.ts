/**
 * Contradictions: where what was seen is not what was declared.
 *
 * An arrow that was taken and is declared nowhere is a ghost. A declared bound that did not hold is
 * broken, and then either the declaration lies or the code that enforces it does.
 */
import type { Finding } from './finding.ts'
import { ghostsIn } from './ghosts.ts'
import type { Observation, SeenCalls } from './observation.ts'
import { FIRST_SHARE } from './policy.ts'
import type { CallNumbers, Numbers } from './system-map.ts'
import { durationText, plural } from './units.ts'

/** A timer may fire late and a histogram rounds up; a bound is broken only beyond this. */
const SLACK_MS = 50
const SLACK_SHARE = 1.02

/** What the observation says against the declaration. */
export function contradictions(numbers: Numbers, seen: Observation): readonly Finding[] {
  return [
    ...ghosts(numbers, seen),
    ...numbers.calls.flatMap((each) => {
      const found = seen.calls.get(each.arrow.name)
      return found === undefined ? [] : [...broken(each, found), ...tooShort(each, found)]
    }),
    ...dead(seen),
    ...unseen(numbers, seen),
  ]
}

function ghosts({ graph }: Numbers, observation: Observation): Finding[] {
  return ghostsIn(graph, observation).map(({ name, count }) => ({
    code: 'ghost',
    severity: 'error',
    at: name,
    way: [],
    says: `${name} was taken${count > 0 ? ` ${plural(count, 'time')}` : ''} and is declared nowhere`,
    fix: 'List the edge in `uses`, or the service in the system, so that it is drawn and bounded.',
  }))
}

function broken({ arrow }: CallNumbers, seen: SeenCalls): Finding[] {
  const { deadlineMs, attemptsMax } = arrow.policy
  const isLate = seen.p99Ms > deadlineMs * SLACK_SHARE + SLACK_MS
  const facts = [
    ...(isLate
      ? [`p99 was ${durationText(seen.p99Ms)}, the deadline is ${durationText(deadlineMs)}`]
      : []),
    ...(seen.attemptsMax > attemptsMax
      ? [`a call took ${seen.attemptsMax} attempts of ${attemptsMax}`]
      : []),
  ]
  return facts.map((says) => ({
    code: 'bound-broken',
    severity: 'error',
    at: arrow.name,
    way: [],
    says,
    fix: 'Check that what runs was built from this declaration; if it was, report a bug in Holdfast.',
  }))
}

function tooShort({ arrow }: CallNumbers, { count, p50Ms }: SeenCalls): Finding[] {
  const { deadlineMs, attemptsMax } = arrow.policy
  const firstMs = deadlineMs * FIRST_SHARE
  if (attemptsMax === 1 || count < 20 || p50Ms <= firstMs) return []
  return [
    {
      code: 'first-attempt-too-short',
      severity: 'warning',
      at: arrow.name,
      way: [],
      says: `every second call took over ${durationText(p50Ms)}, and the first attempt is given up after ${durationText(firstMs)}`,
      fix: 'Raise the deadline: as it stands, most calls are sent twice.',
    },
  ]
}

function dead({ events }: Observation): Finding[] {
  return [...events]
    .filter(([, seen]) => seen.dead > 0)
    .map(([name, seen]) => ({
      code: 'dead-letters',
      severity: 'warning',
      at: name,
      way: [],
      says: `${plural(seen.dead, 'event')} could not be delivered and ${seen.dead === 1 ? 'was' : 'were'} given up`,
      fix: 'See `holdfast dead list`; what comes after them under the same key waits.',
    }))
}

function unseen({ graph }: Numbers, { calls, events }: Observation): Finding[] {
  return [...graph.calls, ...graph.events]
    .filter(({ name }) => !calls.has(name) && !events.has(name))
    .map(({ name }) => ({
      code: 'never-seen',
      severity: 'note',
      at: name,
      way: [],
      says: `${name} is declared and was not taken while somebody looked`,
      fix: 'Look for longer, or take it out if it is no longer needed.',
    }))
}
