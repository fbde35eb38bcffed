/**
 * The picture of a map: which boxes and arrows are drawn, and what is written on them.
 *
 * Operations of one edge share an arrow, and so do the events between two services. How an arrow is
 * drawn says what is known of it; a word on it always says the same, for whoever sees no colours.
 */
import { HoldfastError } from '#errors'
import { callPolicyText } from './arrow-text.ts'
import type { ServiceNode } from './graph.ts'
import type { Observation } from './observation.ts'
import type { CallNumbers, SystemMap } from './system-map.ts'
import { durationText, plural } from './units.ts'

/** What is known of an arrow: only declared; also seen; looked for and not seen; contradicted; undeclared. */
export type Standing = 'declared' | 'seen' | 'unseen' | 'broken' | 'ghost'

/** One line of text; `strong` ones are names, the others say something about them. */
export interface TextLine {
  readonly text: string
  readonly isStrong: boolean
}

/** A service as a card. */
export interface Card {
  readonly name: string
  readonly kind: 'service' | 'foreign' | 'stranger'
  readonly lines: readonly TextLine[]
}

/** One drawn arrow. */
export interface Ray {
  readonly kind: 'call' | 'event'
  readonly source: string
  readonly target: string
  readonly standing: Standing
  readonly lines: readonly TextLine[]
}

/** What is drawn. */
export interface Picture {
  readonly cards: readonly Card[]
  readonly rays: readonly Ray[]
}

const CARDS_MAX = 120
const RAYS_MAX = 400
/** Names on one arrow or card before the rest is counted. */
const NAMES_MAX = 5

/**
 * The picture of a map.
 *
 * @throws HF_USAGE (effect none) if it has more than 120 services or 400 arrows: nobody could read it.
 */
export function pictureOf(map: SystemMap): Picture {
  const ghosts = ghostNames(map)
  const rays = [...callRays(map), ...eventRays(map), ...ghosts.map(ghostRay)]
  const strangers = strangersIn(map, rays)
  const cards = [...map.graph.services.map((each) => cardOf(each, map)), ...strangers]
  if (cards.length > CARDS_MAX || rays.length > RAYS_MAX) {
    throw new HoldfastError('HF_USAGE', {
      detail: `a drawing of ${plural(cards.length, 'service')} and ${plural(rays.length, 'arrow')} cannot be read; at most ${CARDS_MAX} and ${RAYS_MAX} are drawn`,
      fix: 'Print it as text or as JSON, or draw a part of the system.',
    })
  }
  return { cards, rays: rays.filter(({ source, target }) => source !== target) }
}

function cardOf({ name, isForeign, store }: ServiceNode, { graph, paths }: SystemMap): Card {
  if (isForeign) return { name, kind: 'foreign', lines: [faint('foreign')] }
  const routes = new Map(graph.handlers.map((each) => [each.name, each]))
  const own = paths
    .filter((each) => !each.isEvent && routes.get(each.name)?.service === name)
    .map(({ entrance }) => entrance)
  const owners = graph.stores.find((each) => each.name === store)?.owners ?? []
  const shared = owners.filter((each) => each !== name)
  const owned = shared.length === 0 ? 'own database' : `database shared with ${shared.join(', ')}`
  return { name, kind: 'service', lines: [...shortened(own, faint), faint(owned)] }
}

function callRays({ calls, observation, findings }: SystemMap): Ray[] {
  const broken = new Set(findings.filter(({ code }) => code === 'bound-broken').map(({ at }) => at))
  return grouped(calls, ({ arrow }) => `${arrow.source}>${arrow.target}`).map(([first, all]) => {
    const { source, target } = first.arrow
    const lines = callLines(all, observation)
    const isBroken = all.some(({ arrow }) => broken.has(arrow.name))
    const isSeen = all.some(({ arrow }) => observation?.calls.has(arrow.name))
    const standing = isBroken ? 'broken' : standingOf(observation, isSeen)
    return { kind: 'call', source, target, standing, lines: marked(standing, lines) }
  })
}

/** Operations with one policy stand together above it. */
function callLines(all: readonly CallNumbers[], observation: Observation | undefined): TextLine[] {
  const seenText = ({ arrow }: CallNumbers): TextLine[] => {
    const seen = observation?.calls.get(arrow.name)
    if (seen === undefined) return []
    return [faint(`p50 ${durationText(seen.p50Ms)} p99 ${durationText(seen.p99Ms)}`)]
  }
  return grouped(all, policyText).flatMap(([first, group]) => [
    ...shortened(group, (each) => strong(each.arrow.operation)),
    faint(policyText(first)),
    ...(group.length === 1 ? seenText(first) : []),
  ])
}

function policyText(numbers: CallNumbers): string {
  const softened = numbers.arrow.policy.hasFallback ? ' · fallback' : ''
  return callPolicyText(numbers).replace(' over ', ' · ') + softened
}

function eventRays({ graph, observation }: SystemMap): Ray[] {
  return grouped(graph.events, ({ source, target }) => `${source}>${target}`).map(
    ([first, all]) => {
      const seen = all.flatMap(({ name }) => observation?.events.get(name) ?? [])
      const standing = standingOf(observation, seen.length > 0)
      const slowest = Math.max(...seen.map(({ p99Ms }) => p99Ms))
      const lag = seen.length === 0 ? [] : [faint(`lag p99 ${durationText(slowest)}`)]
      const lines = [...shortened(all, ({ event }) => strong(event)), ...lag]
      const { source, target } = first
      return { kind: 'event', source, target, standing, lines: marked(standing, lines) }
    },
  )
}

function ghostNames({ graph, observation }: SystemMap): string[] {
  const declared = new Set(graph.calls.map(({ name }) => name))
  return [...(observation?.calls.keys() ?? [])].filter((name) => !declared.has(name))
}

function ghostRay(name: string): Ray {
  const [source = '', callee = ''] = name.split('>')
  const [target = '', operation = ''] = callee.split('.')
  const lines = marked('ghost', [strong(operation)])
  return { kind: 'call', source, target, standing: 'ghost', lines }
}

/** Whoever calls or is called and is not in the system. */
function strangersIn({ graph }: SystemMap, rays: readonly Ray[]): Card[] {
  const known = new Set(graph.services.map(({ name }) => name))
  const named = new Set(rays.flatMap(({ source, target }) => [source, target]))
  return [...named]
    .filter((name) => !known.has(name))
    .map((name) => ({ name, kind: 'stranger', lines: [faint('not in the system')] }))
}

function standingOf(observation: Observation | undefined, isSeen: boolean): Standing {
  if (observation === undefined) return 'declared'
  return isSeen ? 'seen' : 'unseen'
}

function marked(standing: Standing, lines: readonly TextLine[]): readonly TextLine[] {
  const words = {
    declared: '',
    seen: '',
    unseen: 'not seen',
    broken: 'BROKEN',
    ghost: 'undeclared',
  }
  const word = words[standing]
  return word === '' ? lines : [...lines, faint(word)]
}

function shortened<Value>(all: readonly Value[], of: (value: Value) => TextLine): TextLine[] {
  const left = all.length - NAMES_MAX
  if (left <= 1) return all.map(of)
  return [...all.slice(0, NAMES_MAX).map(of), faint(`and ${left} more`)]
}

/** Values by a name for their group, in the order of their first ones, each with that first one. */
function grouped<Value>(
  all: readonly Value[],
  by: (value: Value) => string,
): readonly (readonly [first: Value, group: readonly Value[]])[] {
  return [...Map.groupBy(all, by).values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [[first, group] as const]
  })
}

function strong(text: string): TextLine {
  return { text, isStrong: true }
}

function faint(text: string): TextLine {
  return { text, isStrong: false }
}
