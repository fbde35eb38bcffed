/**
 * Lints: what a declaration says about itself that its author did not mean.
 *
 * Each lint is one function from the numbers to findings, and none knows of the others. They judge
 * what is declared; `contradictions.ts` judges what was seen.
 */
import { at } from './at.ts'
import type { Calling } from './calling.ts'
import type { Finding } from './finding.ts'
import type { CallArrow, HandlerNode } from './graph.ts'
import type { Path } from './path.ts'
import { DELIVERY_MS_MAX, ENTRY_MS_DEFAULT } from './policy.ts'
import type { CallNumbers, Numbers } from './system-map.ts'
import { countText, durationText, plural } from './units.ts'

/** Calls on top of each other from which a path is deep, and from which it is an error. */
const DEPTH_WARNING = 4
const DEPTH_ERROR = 7

/** Everything that the lints find, errors first. */
export function lint(numbers: Numbers): readonly Finding[] {
  const { graph, calling, calls, paths } = numbers
  const arrows = new Map(graph.calls.map((each) => [each.name, each]))
  return [
    ...cycles(calling),
    ...sharedStores(numbers),
    ...calls.flatMap((each) => [...unkeyed(each), ...misfits(each)]),
    ...paths.flatMap((each) => [...deep(each), ...multiplied(each, arrows)]),
    ...starved(numbers),
    ...unusable(numbers),
    ...central(numbers),
    ...unheard(numbers),
    ...unordered(numbers),
  ]
}

function cycles({ rings, handlers }: Calling): Finding[] {
  return rings.map((ring) => {
    const names = ring.map((place) => at(handlers, place).name)
    const way = [...names, at(names, 0)]
    return {
      code: 'cycle',
      severity: 'error',
      at: at(names, 0),
      way,
      says: `${way.join(' > ')}: each can wait for itself, so that nothing bounds the requests`,
      fix: 'Replace one of the calls by an event, or say in `causes` that it is not made.',
    }
  })
}

function sharedStores({ graph }: Numbers): Finding[] {
  return graph.stores
    .filter(({ owners }) => owners.length > 1)
    .map(({ name, owners }) => ({
      code: 'shared-store',
      severity: 'error',
      at: name,
      way: owners,
      says: `${owners.join(' and ')} declare one database, so neither can change it alone`,
      fix: 'Give each service its own migrations; let one of them ask or hear the other.',
    }))
}

function unkeyed({ arrow }: CallNumbers): Finding[] {
  const { name, isRepeatable, policy } = arrow
  if (isRepeatable || policy.attemptsMax === 1) return []
  return [
    {
      code: 'retry-without-key',
      severity: 'error',
      at: name,
      way: [],
      says: `${name} is tried up to ${policy.attemptsMax} times, and each time may act again`,
      fix: 'Give the command a `key` in its contract, or take the retry out.',
    },
  ]
}

function misfits({ arrow, fit }: CallNumbers): Finding[] {
  const { deadlineMs, attemptsMax } = arrow.policy
  if (fit.fast >= attemptsMax) return []
  return [
    {
      code: 'attempts-do-not-fit',
      severity: 'warning',
      at: arrow.name,
      way: [],
      says: `${durationText(deadlineMs)} has room for ${fit.fast} of ${attemptsMax} attempts if the waits between them are long`,
      fix: 'Raise the deadline, or declare as many attempts as fit.',
    },
  ]
}

function deep({ name, depth }: Path): Finding[] {
  if (depth.calls < DEPTH_WARNING || !Number.isFinite(depth.calls)) return []
  return [
    {
      code: 'deep',
      severity: depth.calls >= DEPTH_ERROR ? 'error' : 'warning',
      at: name,
      way: depth.way,
      says: `it is ${plural(depth.calls, 'call')} deep: ${depth.way.join(' > ')}`,
      fix: 'Let a handler in the middle hear an event instead of being asked.',
    },
  ]
}

/** Two layers that retry multiply; a budget on each bounds what many requests add up to, not one. */
function multiplied(
  { name, amplification }: Path,
  arrows: ReadonlyMap<string, CallArrow>,
): Finding[] {
  const { way, bounded, product } = amplification
  const retrying = way.slice(1).filter((callee, index) => {
    const policy = arrows.get(`${serviceOf(at(way, index))}>${callee}`)?.policy
    return policy !== undefined && policy.attemptsMax > 1
  })
  if (retrying.length < 2 || !Number.isFinite(product)) return []
  return [
    {
      code: 'retries-multiply',
      severity: bounded < product ? 'note' : 'warning',
      at: name,
      way,
      says: `${retrying.length} layers retry: one request may become ${countText(product)} at ${at(way, way.length - 1)}, and many become ${countText(bounded)} each`,
      fix: 'Let one layer retry, best the one next to the failure: declare `retry: 1` on the others.',
    },
  ]
}

function answers({ target, operation }: CallArrow): string {
  return `${target}.${operation}`
}

function serviceOf(handler: string): string {
  return handler.split(/[.<]/, 1)[0] ?? handler
}

/** A callee whose own calls may take longer than anybody waits for it. */
function starved({ graph, calls }: Numbers): Finding[] {
  const numbers = new Map(calls.map((each) => [each.arrow.name, each]))
  const incoming = Map.groupBy(calls, ({ arrow }) => answers(arrow))
  return graph.handlers.flatMap((handler) => {
    const given = givenMs(handler, incoming.get(handler.name) ?? [])
    if (handler.calls.length === 0 || given === undefined) return []
    const longest = handler.calls.find(({ arrow }) => arrow.policy.deadlineMs > given.ms)
    if (longest !== undefined) return [outlives(handler, longest.arrow, given)]
    const sumMs = handler.calls.reduce(
      (sum, { arrow, times }) => sum + times * (numbers.get(arrow.name)?.enforcedMs ?? 0),
      0,
    )
    return sumMs > given.ms ? [starvedBy(handler, sumMs, given)] : []
  })
}

/** The least time that a handler is given, and by whom. */
interface Given {
  readonly ms: number
  readonly by: string
}

function givenMs(
  { kind, route }: HandlerNode,
  incoming: readonly CallNumbers[],
): Given | undefined {
  const all = incoming.map(({ arrow }) => ({ ms: arrow.policy.deadlineMs, by: arrow.name }))
  if (kind === 'subscription') all.push({ ms: DELIVERY_MS_MAX, by: 'the delivery of an event' })
  if (route !== undefined) all.push({ ms: ENTRY_MS_DEFAULT, by: 'a caller that names no deadline' })
  return all.toSorted((a, b) => a.ms - b.ms)[0]
}

function outlives(handler: HandlerNode, arrow: CallArrow, given: Given): Finding {
  return {
    code: 'deadline-outlives-caller',
    severity: 'warning',
    at: arrow.name,
    way: [handler.name, answers(arrow)],
    says: `its ${durationText(arrow.policy.deadlineMs)} cannot be used up: ${given.by} gives ${handler.name} ${durationText(given.ms)}`,
    fix: 'Declare a deadline below the one above it, so that an answer is left to give.',
  }
}

function starvedBy({ name, calls }: HandlerNode, sumMs: number, given: Given): Finding {
  return {
    code: 'starved',
    severity: 'note',
    at: name,
    way: [name],
    says: `its ${plural(calls.length, 'call')} may take ${durationText(sumMs)} one after the other, and ${given.by} gives ${durationText(given.ms)}`,
    fix: 'Shorten the deadlines, ask at the same time, or name in `causes` which calls it makes.',
  }
}

function unusable({ graph }: Numbers): Finding[] {
  const usable = new Set(
    graph.handlers.flatMap(({ calls }) => calls.map(({ arrow }) => arrow.source)),
  )
  const lost = graph.calls.filter(({ source }) => !usable.has(source))
  return [...Map.groupBy(lost, ({ source }) => source)].map(([source, arrows]) => ({
    code: 'edge-without-ask',
    severity: 'warning',
    at: at(arrows, 0).name,
    way: [],
    says: `${source} uses ${plural(arrows.length, 'operation')} of others, and none of its handlers has an \`ask\` to call them from`,
    fix: 'Write the handler as `after(ask, run)`, or take the edge out of `uses`.',
  }))
}

function central({ graph, paths }: Numbers): Finding[] {
  const services = new Set(paths.map(({ name }) => serviceOf(name)))
  if (services.size < 3) return []
  return [...graph.services, ...graph.stores]
    .filter(({ name }) => paths.every(({ availability }) => availability.needs.includes(name)))
    .map(({ name }) => ({
      code: 'central-point',
      severity: 'warning',
      at: name,
      way: [],
      says: `all ${paths.length} paths need ${name}: when it stops, everything stops`,
      fix: 'Keep a copy where it is read, fed by its events, or declare a fallback.',
    }))
}

function unheard({ graph }: Numbers): Finding[] {
  const heard = new Set(graph.events.map(({ source, event }) => `${source}.${event}`))
  const emitted = new Set(graph.handlers.flatMap(({ emits }) => emits))
  return [...emitted]
    .filter((each) => !heard.has(each))
    .map((name) => ({
      code: 'event-unheard',
      severity: 'note',
      at: name,
      way: [],
      says: `nobody in the system subscribes to ${name}`,
      fix: 'Leave it if somebody outside will; otherwise take it out of the contract.',
    }))
}

function unordered({ graph }: Numbers): Finding[] {
  return graph.events
    .filter(({ orderedBy }) => orderedBy === undefined)
    .map(({ name, source, event }) => ({
      code: 'event-unordered',
      severity: 'note',
      at: name,
      way: [],
      says: `${source}.${event} has no key, so it may arrive in any order`,
      fix: 'Give the event a `key` in its contract if a later one may not overtake an earlier one.',
    }))
}
