/**
 * The picture of a map: which boxes and arrows are drawn, and what is written on them.
 *
 * Operations of one edge share an arrow, and so do the events between two services. How an arrow is
 * drawn says what is known of it; a word on it always says the same, for whoever sees no colours.
 */
import { HoldfastError } from '#errors'
import { callPolicyText, carrierText } from './arrow-text.ts'
import { type Ghost, ghostsIn } from './ghosts.ts'
import type { ServiceNode } from './graph.ts'
import type { Observation } from './observation.ts'
import type { CallNumbers, SystemMap } from './system-map.ts'
import { durationText, plural } from './units.ts'

/** What is known of an arrow: only declared; also seen; looked for and not seen; contradicted; undeclared. */
export type Standing = 'declared' | 'seen' | 'unseen' | 'broken' | 'ghost'

/** One line of text: a name, something declared of it, something measured, or how the two agree. */
export interface TextLine {
  readonly text: string
  readonly tone: 'name' | 'declared' | 'observed' | 'verdict'
}

/** A service as a card; or all services of a team that are folded into one. */
export interface Card {
  readonly name: string
  readonly kind: 'service' | 'foreign' | 'stranger' | 'team'
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

/** The picture of a map, every service for itself. */
export function pictureOf(map: SystemMap): Picture {
  const ghosts = ghostsIn(map.graph, map.observation)
  const rays = [...callRays(map), ...eventRays(map), ...ghosts.map(ghostRay)]
  const strangers = strangersIn(map, rays)
  const entrances = entrancesIn(map)
  const cards = [
    ...map.graph.services.map((each) => cardOf(each, map, entrances.get(each.name) ?? [])),
    ...strangers,
  ]
  return { cards, rays: rays.filter(({ source, target }) => source !== target) }
}

/** True if somebody could read it. */
export function isLegible({ cards, rays }: Picture): boolean {
  return cards.length <= CARDS_MAX && rays.length <= RAYS_MAX
}

/** @throws HF_USAGE (effect none) if there is more on it than anybody could read. */
export function refuseIllegible(picture: Picture, fix: string): void {
  if (isLegible(picture)) return
  const { cards, rays } = picture
  throw new HoldfastError('HF_USAGE', {
    detail: `a drawing of ${plural(cards.length, 'service')} and ${plural(rays.length, 'arrow')} cannot be read; at most ${CARDS_MAX} and ${RAYS_MAX} are drawn`,
    fix,
  })
}

/** The ways in of each service. */
function entrancesIn({ graph, paths }: SystemMap): ReadonlyMap<string, readonly string[]> {
  const services = new Map(graph.handlers.map((each) => [each.name, each.service]))
  const asked = paths.filter(({ isEvent }) => !isEvent)
  const byService = Map.groupBy(asked, (each) => services.get(each.name) ?? '')
  return new Map([...byService].map(([each, all]) => [each, all.map(({ entrance }) => entrance)]))
}

function cardOf(
  { name: title, isForeign, store }: ServiceNode,
  { graph }: SystemMap,
  entrances: readonly string[],
): Card {
  if (isForeign) return { name: title, kind: 'foreign', lines: [declared('foreign')] }
  const owners = graph.stores.find((each) => each.name === store)?.owners ?? []
  const shared = owners.filter((each) => each !== title)
  const owned = shared.length === 0 ? 'own database' : `database shared with ${shared.join(', ')}`
  return {
    name: title,
    kind: 'service',
    lines: [...shortened(entrances, declared), declared(owned)],
  }
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
    return [observed(`p50 ${durationText(seen.p50Ms)} p99 ${durationText(seen.p99Ms)}`)]
  }
  return grouped(all, policyText).flatMap(([first, group]) => [
    ...shortened(group, (each) => name(each.arrow.operation)),
    declared(policyText(first)),
    ...(group.length === 1 ? seenText(first) : []),
  ])
}

function policyText(numbers: CallNumbers): string {
  const softened = numbers.arrow.policy.hasFallback ? ' · fallback' : ''
  return callPolicyText(numbers).replace(' over ', ' · ') + softened
}

function eventRays({ graph, observation, broker }: SystemMap): Ray[] {
  return grouped(graph.events, ({ source, target }) => `${source}>${target}`).map(
    ([first, all]) => {
      const seen = all.flatMap((each) => observation?.events.get(each.name) ?? [])
      const standing = standingOf(observation, seen.length > 0)
      const slowest = Math.max(...seen.map(({ p99Ms }) => p99Ms))
      const lag = seen.length === 0 ? [] : [observed(`lag p99 ${durationText(slowest)}`)]
      const carried = carrierText(first, broker)
      const way = carried === undefined ? [] : [declared(carried)]
      const lines = [...shortened(all, ({ event }) => name(event)), ...way, ...lag]
      const { source, target } = first
      return { kind: 'event', source, target, standing, lines: marked(standing, lines) }
    },
  )
}

function ghostRay({ kind, source, target, operation }: Ghost): Ray {
  const lines = marked('ghost', operation === undefined ? [] : [name(operation)])
  return { kind, source, target, standing: 'ghost', lines }
}

/** Whoever calls or is called and is not in the system. */
function strangersIn({ graph }: SystemMap, rays: readonly Ray[]): Card[] {
  const known = new Set(graph.services.map((each) => each.name))
  const named = new Set(rays.flatMap(({ source, target }) => [source, target]))
  return [...named]
    .filter((each) => !known.has(each))
    .map((each) => ({ name: each, kind: 'stranger', lines: [declared('not in the system')] }))
}

function standingOf(observation: Observation | undefined, isSeen: boolean): Standing {
  if (observation === undefined) return 'declared'
  return isSeen ? 'seen' : 'unseen'
}

/** The lines of an arrow, and the word that says how it stands. */
export function marked(standing: Standing, lines: readonly TextLine[]): readonly TextLine[] {
  const words = {
    declared: '',
    seen: '',
    unseen: 'not seen',
    broken: 'BROKEN',
    ghost: 'undeclared',
  }
  const word = words[standing]
  return word === '' ? lines : [...lines, { text: word, tone: 'verdict' }]
}

/** The first few of many, as lines, and how many more there are. */
export function shortened<Value>(
  all: readonly Value[],
  of: (value: Value) => TextLine,
): TextLine[] {
  const left = all.length - NAMES_MAX
  if (left <= 1) return all.map(of)
  return [...all.slice(0, NAMES_MAX).map(of), declared(`and ${left} more`)]
}

/** Values by a name for their group, in the order of their first ones, each with that first one. */
export function grouped<Value>(
  all: readonly Value[],
  by: (value: Value) => string,
): readonly (readonly [first: Value, group: readonly Value[]])[] {
  return [...Map.groupBy(all, by).values()].flatMap((group) => {
    const [first] = group
    return first === undefined ? [] : [[first, group] as const]
  })
}

/** A name of something. */
export function name(text: string): TextLine {
  return { text, tone: 'name' }
}

/** What was declared of it. */
export function declared(text: string): TextLine {
  return { text, tone: 'declared' }
}

/** What was measured of it. */
export function observed(text: string): TextLine {
  return { text, tone: 'observed' }
}
