/**
 * The map of what was seen, as SVG: all of it was measured, so all of it is slanted.
 *
 * Operations between two services share an arrow, the most used first. Of a large system the arrows
 * that were taken most are drawn, as many as can be read, and the header says how many are not.
 */
import {
  type Card,
  declared,
  grouped,
  isLegible,
  name,
  observed,
  type Picture,
  type Ray,
  shortened,
} from './picture.ts'
import { pageOf } from './svg-page.ts'
import { traceTextOf } from './trace-text.ts'
import type { SeenArrow, TraceMap } from './traces.ts'
import { countText, durationText, listText, plural } from './units.ts'

/** The drawing of what traces add up to. */
export function traceSvgOf(map: TraceMap): string {
  const all = raysOf(map.arrows)
  const shown = legible(all, map)
  const left = all.length - shown.rays.length
  const ghosts = map.arrows.filter(({ ghost }) => ghost !== undefined).length
  return pageOf(shown, {
    title: 'The map of a system as it was seen',
    name: 'as seen',
    header: [
      plural(map.services.length, 'service'),
      `${plural(map.traces, 'trace')}, ${plural(map.spans, 'span')}`,
      'solid: a call that is waited for',
      'dotted: an event',
      ...(ghosts > 0 ? ['red dashes: one end did not report'] : []),
      ...(left > 0 ? [`${plural(left, 'arrow')} taken less often are not drawn`] : []),
    ],
    footer: [`depth ${countText(map.depth.calls)}: ${listText(map.depth.way, ' > ', 8)}`],
    told: traceTextOf(map),
  })
}

/** One ray for all calls, and one for all events, between two services. */
function raysOf(arrows: readonly SeenArrow[]): readonly Ray[] {
  return grouped(arrows, ({ kind, source, target }) => `${kind} ${source}>${target}`)
    .map(([first, all]): Ray => {
      const { kind, source, target } = first
      const slowest = Math.max(...all.map(({ p99Ms }) => p99Ms))
      const count = all.reduce((sum, each) => sum + each.count, 0)
      const tries = Math.max(...all.map(({ attemptsMean }) => attemptsMean))
      const isGhost = all.some(({ ghost }) => ghost !== undefined)
      return {
        kind,
        source,
        target,
        standing: isGhost ? 'ghost' : 'seen',
        lines: [
          ...shortened(all, ({ operation }) => name(operation)),
          observed(`${kind === 'event' ? 'lag ' : ''}p99 ${durationText(slowest)}`),
          observed(tries > 1 ? `${count} seen, ${countText(tries)} attempts` : `${count} seen`),
          ...(isGhost ? [{ text: 'one end did not report', tone: 'verdict' } as const] : []),
        ],
      }
    })
    .filter(({ source, target }) => source !== target)
}

/** The picture of as many rays as can be read; the most used come first. */
function legible(rays: readonly Ray[], map: TraceMap): Picture {
  let picture = pictureWith(rays, map)
  for (let count = rays.length; count > 0 && !isLegible(picture);) {
    count = Math.floor(count * 0.9)
    picture = pictureWith(rays.slice(0, count), map)
  }
  return picture
}

function pictureWith(rays: readonly Ray[], { services }: TraceMap): Picture {
  const reported = new Set(services)
  const met = new Set(rays.flatMap(({ source, target }) => [source, target]))
  const cards = [...met].map((each): Card => {
    const isOurs = reported.has(each)
    return {
      name: each,
      kind: isOurs ? 'service' : 'stranger',
      lines: [declared(isOurs ? 'reports traces' : 'reports nothing')],
    }
  })
  return { cards, rays }
}
