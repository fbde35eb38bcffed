/**
 * Differences and breaks as Markdown, for the description of a pull request.
 *
 * Invariants:
 *   T1. No name ends its cell or its table: `|` and line ends are escaped.
 */
import type { Break } from './compatibility.ts'
import type { Difference } from './diff.ts'
import { plural } from './units.ts'

const SIGNS = { added: '+', removed: '−', changed: '~' } as const

/** The differences of two maps as a table, or a sentence if there are none. */
export function differenceTable(all: readonly Difference[], revision: string): string {
  const heading = `### The map since ${cell(revision)}`
  if (all.length === 0) return `${heading}\n\nNo arrow and no number differs.`
  const rows = all.map(({ change, kind, name, before, after }) => [
    SIGNS[change],
    kind,
    `\`${name}\``,
    before.join('<br>'),
    after.join('<br>'),
  ])
  return [heading, '', ...table(['', '', 'what', 'before', 'after'], rows), '', counted(all)].join(
    '\n',
  )
}

function counted(all: readonly Difference[]): string {
  const of = (wanted: Difference['change']): number =>
    all.filter(({ change }) => change === wanted).length
  return `${of('added')} added, ${of('removed')} removed, ${of('changed')} changed.`
}

/** The breaks of a change of contracts as a table, or a sentence if there are none. */
export function breakTable(all: readonly Break[], revision: string): string {
  const heading = `### The contracts since ${cell(revision)}`
  if (all.length === 0) return `${heading}\n\nWhoever relied on them still can.`
  const rows = all.map(({ kind, at, says, breaks }) => [
    kind,
    `\`${at}\``,
    says,
    breaks.length === 0 ? 'nobody in this system' : breaks.join(', '),
  ])
  const felt = all.filter(({ breaks }) => breaks.length > 0).length
  return [
    heading,
    '',
    ...table(['change', 'where', 'what happened', 'breaks'], rows),
    '',
    `${plural(all.length, 'change')}; somebody notices ${felt}.`,
  ].join('\n')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  return [row(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(row)]
}

function row(cells: readonly string[]): string {
  return `| ${cells.map(cell).join(' | ')} |`
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`).replaceAll(/[\r\n]+/g, ' ')
}
