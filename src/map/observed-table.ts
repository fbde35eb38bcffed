/**
 * Declared and observed side by side, as a Markdown table for a README: a row for each call, and one
 * for all events that a service hears. The text of the map has every arrow on a line of its own.
 */
import { callPolicyText } from './arrow-text.ts'
import { ghostsIn } from './ghosts.ts'
import type { EventArrow } from './graph.ts'
import type { SeenCalls, SeenEvents } from './observation.ts'
import { grouped } from './picture.ts'
import type { SystemMap } from './system-map.ts'
import { countText, durationText, plural, shareText } from './units.ts'

/** What arrows promise, and what was seen of them. Columns are padded to one width. */
export function observedTable({ graph, calls, observation }: SystemMap): string {
  const called = calls.map((each) => {
    const { name, source, target, operation } = each.arrow
    const arrow = `\`${source} ==${operation}==> ${target}\``
    return [arrow, callPolicyText(each), callSeen(observation?.calls.get(name))]
  })
  const told = grouped(graph.events, ({ target }) => target).map(([{ target }, all]) => {
    const names = [...new Set(all.map(({ event }) => event))].join(', ')
    const seen = all.flatMap(({ name }) => observation?.events.get(name) ?? [])
    return [`\`~~${names}~~> ${target}\``, `at least once, ${orderOf(all)}`, eventsSeen(seen)]
  })
  const ghosts = ghostsIn(graph, observation).map(({ source, target, operation, count }) => {
    return [`\`${source} ..${operation ?? ''}..> ${target}\``, '**nowhere**', `${count} taken`]
  })
  return markdown([['arrow', 'declared', 'observed'], ...called, ...told, ...ghosts])
}

function orderOf(arrows: readonly EventArrow[]): string {
  const keys = new Set(arrows.map(({ orderedBy }) => orderedBy ?? 'nothing'))
  return keys.has('nothing') ? 'not all in order' : `in order per ${[...keys].join(', ')}`
}

function callSeen(seen: SeenCalls | undefined): string {
  if (seen === undefined) return 'not seen'
  const { count, worstMs, attemptsMean, ended } = seen
  const answered = ((ended['done'] ?? 0) + (ended['refused'] ?? 0)) / Math.max(1, count)
  return `worst ${durationText(worstMs)}; ${countText(attemptsMean)} attempts; ${shareText(answered)} of ${count} answered`
}

function eventsSeen(seen: readonly SeenEvents[]): string {
  if (seen.length === 0) return 'not seen'
  const sum = (of: (each: SeenEvents) => number): number =>
    seen.reduce((total, each) => total + of(each), 0)
  const worstMs = Math.max(...seen.map((each) => each.worstMs))
  const [twice, dead] = [sum(({ duplicates }) => duplicates), sum((each) => each.dead)]
  return [
    `worst lag ${durationText(worstMs)}`,
    `${sum(({ count }) => count)} delivered`,
    ...(twice === 0 ? [] : [`${plural(twice, 'duplicate')} without effect`]),
    ...(dead === 0 ? [] : [plural(dead, 'dead letter')]),
  ].join('; ')
}

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('\n')
}
