/**
 * The map of what was seen, for a terminal.
 */
import type { SeenArrow, TraceMap } from './traces.ts'
import type { Paint } from './text.ts'
import { countText, durationText, listText, plural, shareText } from './units.ts'

/** The most arrows that somebody reads; the JSON has all. */
const ROWS_MAX = 200

/** The map as lines. */
export function traceTextOf(
  map: TraceMap,
  paint: Paint = (_tone, text) => text,
): readonly string[] {
  const { services, arrows, depth, traces, spans, broken, dropped } = map
  const counts = [
    plural(services.length, 'service'),
    plural(arrows.length, 'arrow'),
    plural(traces, 'trace'),
    plural(spans, 'span'),
  ]
  const shown = arrows.slice(0, ROWS_MAX)
  const left = arrows.length - shown.length
  return [
    `${paint('heading', 'as seen')}  ${paint('faint', counts.join(' · '))}`,
    ...part(
      'calls',
      shown.filter(({ kind }) => kind === 'call'),
      paint,
    ),
    ...part(
      'events',
      shown.filter(({ kind }) => kind === 'event'),
      paint,
    ),
    ...(left > 0 ? ['', `  ${left} more that were seen less often; --json has all`] : []),
    '',
    `${paint('heading', 'depth')}  ${countText(depth.calls)}: ${listText(depth.way, ' > ', 12)}`,
    ...said(paint, broken, `${plural(broken, 'span')} without an id or a time`),
    ...said(paint, dropped, `${plural(dropped, 'call')} over arrows beyond the first 20,000`),
  ]
}

function said(paint: Paint, count: number, text: string): readonly string[] {
  return count === 0 ? [] : [paint('warning', `left out: ${text}`)]
}

function part(name: string, arrows: readonly SeenArrow[], paint: Paint): readonly string[] {
  if (arrows.length === 0) return []
  const rows = arrows.map((each) => [each.source, ray(each), each.target, numbers(each)] as const)
  const wide = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return [
    '',
    paint('heading', name),
    ...rows.map(([source, middle, target, seen], index) => {
      const cells = [source, middle, target].map((each, column) => each.padEnd(wide[column] ?? 0))
      const line = `  ${cells.join('  ')}  ${seen}`
      return arrows[index]?.ghost === undefined ? line : paint('error', line)
    }),
  ]
}

function ray({ kind, operation, ghost }: SeenArrow): string {
  const line = ghost !== undefined ? '..' : kind === 'call' ? '==' : '~~'
  return `${line}${operation}${line}>`
}

function numbers({ count, p50Ms, p99Ms, kind, failed, attemptsMean, ghost }: SeenArrow): string {
  return [
    `${kind === 'event' ? 'lag ' : ''}p50 ${durationText(p50Ms)}, p99 ${durationText(p99Ms)}`,
    ...(kind === 'call' ? [`${countText(attemptsMean)} attempts each`] : []),
    ...(failed === 0 ? [] : [`${shareText(failed / count)} failed`]),
    `${count} seen`,
    ...(ghost === undefined ? [] : [`GHOST: the ${ghost} did not report`]),
  ].join(', ')
}
