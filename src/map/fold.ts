/**
 * Folding: the picture of a system that is too large to be read, one card for each team.
 *
 * Intuition: nobody reads a thousand boxes, and nobody needs to: from outside, a team is what goes in
 * and out of it. One team may be opened; its services are then drawn among the folded others.
 *
 * Invariants:
 *   P1. Every service is on exactly one card, and every arrow between two cards is in exactly one ray.
 *   P2. What is wrong with one arrow is wrong with the ray that it is in.
 */
import { get } from './at.ts'
import type { ServiceNode } from './graph.ts'
import {
  type Card,
  declared,
  grouped,
  marked,
  name,
  type Picture,
  type Ray,
  shortened,
  type Standing,
} from './picture.ts'
import type { SystemMap } from './system-map.ts'
import { durationText, plural } from './units.ts'

/** What stands on the card of services for which nobody answers. */
const NOBODY = 'no team'

/** Names of the teams of a system, in the order of their first services. */
export function teamsOf({ graph }: SystemMap): readonly string[] {
  return [...new Set(graph.services.flatMap(({ team }) => team ?? []))]
}

/** The picture with the services of every team on one card, but those of the team that is `open`. */
export function folded(picture: Picture, map: SystemMap, open: string | undefined): Picture {
  const cardOf = new Map(
    picture.cards.map((each) => [each.name, each.kind === 'service' ? '' : each.name]),
  )
  for (const each of map.graph.services)
    if (!each.isForeign) cardOf.set(each.name, isIn(open, each) ? each.name : folder(each))
  const isOpen = (card: string): boolean => cardOf.get(card) === card
  const moved = picture.rays
    .map((ray) => ({ ...ray, source: get(cardOf, ray.source), target: get(cardOf, ray.target) }))
    .filter(({ source, target }) => source !== target)
  const rays = mergedRays(moved, map, { cardOf, isOpen }).filter(
    ({ source, target }) => open === undefined || isOpen(source) || isOpen(target),
  )
  const met = new Set(rays.flatMap(({ source, target }) => [source, target]))
  return {
    cards: [
      ...picture.cards.filter((card) => isOpen(card.name) && isShown(card, met, open)),
      ...teamCards(map, cardOf).filter((card) => isShown(card, met, open)),
    ],
    rays,
  }
}

function isIn(open: string | undefined, { team }: ServiceNode): boolean {
  return open !== undefined && team === open
}

function folder({ team = NOBODY }: ServiceNode): string {
  return `team ${team}`
}

/** Where one team is looked at, whoever has nothing to do with it is left out. */
function isShown(card: Card, met: ReadonlySet<string>, open: string | undefined): boolean {
  return open === undefined || card.kind === 'service' || met.has(card.name)
}

function teamCards({ graph }: SystemMap, cardOf: ReadonlyMap<string, string>): Card[] {
  const inside = graph.services.filter(
    (each) => !each.isForeign && cardOf.get(each.name) !== each.name,
  )
  return grouped(inside, folder).map(([first, all]) => {
    const names = shortened(all, (each) => declared(each.name))
    return {
      name: folder(first),
      kind: 'team',
      lines: [declared(plural(all.length, 'service')), ...names],
    }
  })
}

/** One ray for all calls, and one for all events, from one card to another. */
function mergedRays(
  rays: readonly Ray[],
  { calls, graph }: SystemMap,
  {
    cardOf,
    isOpen,
  }: {
    readonly cardOf: ReadonlyMap<string, string>
    readonly isOpen: (card: string) => boolean
  },
): Ray[] {
  const pairOf = ({ source, target }: { source: string; target: string }): string =>
    `${cardOf.get(source) ?? source}>${cardOf.get(target) ?? target}`
  const called = Map.groupBy(calls, ({ arrow }) => pairOf(arrow))
  const told = Map.groupBy(graph.events, pairOf)
  return grouped(rays, ({ kind, source, target }) => `${kind} ${source}>${target}`).map(
    ([first, all]) => {
      const { kind, source, target } = first
      const pair = `${source}>${target}`
      const inside = called.get(pair) ?? []
      const isPlain = isOpen(source) && isOpen(target)
      const isGhostly = inside.length + (told.get(pair)?.length ?? 0) === 0
      if (isPlain || isGhostly) return first
      const longestMs = Math.max(0, ...inside.map(({ enforcedMs }) => enforcedMs))
      const lines =
        kind === 'call'
          ? [name(plural(inside.length, 'call')), declared(`${durationText(longestMs)} at most`)]
          : [name(plural(told.get(pair)?.length ?? 0, 'event'))]
      const standing = worstOf(all)
      return { kind, source, target, standing, lines: marked(standing, lines) }
    },
  )
}

const STANDINGS = ['declared', 'unseen', 'seen', 'broken', 'ghost'] as const

function worstOf(rays: readonly Ray[]): Standing {
  const worst = Math.max(...rays.map(({ standing }) => STANDINGS.indexOf(standing)))
  return STANDINGS[worst] ?? 'declared'
}
