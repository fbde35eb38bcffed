/**
 * The map as SVG: every service on a card of its own, or, where nobody could read that, every team.
 */
import { HoldfastError } from '#errors'
import { folded, teamsOf } from './fold.ts'
import { isLegible, type Picture, pictureOf, refuseIllegible } from './picture.ts'
import { pageOf } from './svg-page.ts'
import type { SystemMap } from './system-map.ts'
import { textOf } from './text.ts'
import { countText, durationText, listText, plural, shareText } from './units.ts'

/** What is drawn of a map. */
export interface SvgOptions {
  /** Only the services of this team, and whom they have to do with. @defaultValue the whole system */
  readonly team?: string
}

/**
 * The drawing of a map. A system that is too large is folded: one card for each team.
 *
 * @throws HF_USAGE (effect none) if even the teams are too many, or there is no such team.
 * @example
 * const drawing = svgOf(mapOf(market))
 */
export function svgOf(map: SystemMap, { team }: SvgOptions = {}): string {
  const picture = drawnOf(map, team)
  return pageOf(picture, {
    title: `The map of ${map.graph.system}`,
    name: team === undefined ? map.graph.system : `${map.graph.system}: team ${team}`,
    header: headerOf(map, picture),
    footer: footerOf(map),
    told: textOf(map),
  })
}

function drawnOf(map: SystemMap, team: string | undefined): Picture {
  const whole = pictureOf(map)
  const teams = teamsOf(map)
  if (team !== undefined && !teams.includes(team)) {
    throw new HoldfastError('HF_USAGE', {
      detail: `${map.graph.system} has no team '${team}'`,
      fix: teams.length === 0 ? NO_TEAMS : `Its teams are ${listText(teams, ', ', 12)}.`,
    })
  }
  if (team === undefined && (isLegible(whole) || teams.length === 0)) {
    refuseIllegible(whole, NO_TEAMS)
    return whole
  }
  const picture = folded(whole, map, team)
  refuseIllegible(picture, 'Draw one team with `--team`, or print it as text or as JSON.')
  return picture
}

const NO_TEAMS =
  'Declare the `team` of each service, and teams are drawn; or print it as text or as JSON.'

function headerOf({ graph, findings }: SystemMap, { cards, rays }: Picture): readonly string[] {
  const foreign = graph.services.filter(({ isForeign }) => isForeign).length
  const bad = findings.filter(({ severity }) => severity === 'error').length
  const isFolded = cards.some(({ kind }) => kind === 'team')
  const isObserved = rays.some(({ lines }) => lines.some(({ tone }) => tone === 'observed'))
  return [
    plural(graph.services.length - foreign, 'service'),
    ...(foreign > 0 ? [`${foreign} foreign`] : []),
    ...(isFolded ? [`folded by team, ${plural(graph.calls.length, 'call')}`] : []),
    'solid: a call that is waited for',
    'dotted: an event, at least once, in order per key',
    ...(isObserved ? ['upright: declared, slanted: observed'] : []),
    ...(bad > 0 ? [`${plural(bad, 'error')} found`] : []),
  ]
}

/** The worst of each number over all paths. */
function footerOf({ paths, assumed }: SystemMap): readonly string[] {
  const most = (measure: (path: SystemMap['paths'][number]) => number): number =>
    paths.reduce((worst, path) => Math.max(worst, measure(path)), 0)
  const least = paths.reduce(
    (worst, { availability }) => Math.min(worst, availability.withFallbacks.low),
    1,
  )
  const loudest = Math.max(
    1,
    most(({ amplification }) => amplification.product),
  )
  return [
    `waits at most ${durationText(most(({ waits }) => waits.enforcedMs))}`,
    `amplification ${countText(loudest)}`,
    `depth ${countText(most(({ depth }) => depth.calls))}`,
    `least available path ${shareText(least)}, if each part is up ${shareText(assumed.availabilityDefault)}`,
  ]
}
