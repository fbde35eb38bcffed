/**
 * A report as text: a table that a terminal and Markdown both show well.
 */
import type { Report, Row, Table } from './report.ts'

/** The whole report. */
export function textOf(found: Report): string {
  const tables = found.tables.map((table) => `${heading(table)}\n\n${tableText(table)}`)
  return [`## ${found.bench}: ${found.question}`, ...tables, foot(found)].join('\n\n') + '\n'
}

/** What the table measures, and in which direction. */
export function heading({ unit, better, isCompared }: Table): string {
  const shown = isCompared ? '' : '; shown, not compared'
  return `${unit} (${better} is better${shown})`
}

/** The table, and how its values grow where its subjects have sizes. */
export function tableText(table: Table): string {
  const { exponent } = table
  if (exponent === undefined) return markdown(table)
  return `${markdown(table)}\n\nIt grows with the size to the power of ${exponent.toFixed(2)}.`
}

/** The rows, best first, as a table whose columns are aligned. */
export function markdown({ rows, better }: Table): string {
  const sign = better === 'less' ? 1 : -1
  const sorted = rows.toSorted((left, right) => sign * (left.value - right.value))
  return aligned([
    ['subject', 'value', 'spread', 'to the floor', 'to the best peer'],
    ...sorted.map(cells),
  ])
}

function cells({ name, role, value, spread, ratioToFloor, ratioToBestPeer }: Row): string[] {
  const shown = role === 'holdfast' ? `**${name}**` : role === 'floor' ? `${name} (floor)` : name
  const range = `±${percent(spread)}`
  return [shown, number(value), range, ratioText(ratioToFloor), ratioText(ratioToBestPeer)]
}

function ratioText(ratio: number | null): string {
  if (ratio === null) return ''
  return ratio < 0.1 ? ratio.toPrecision(2) : ratio.toFixed(2)
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

/** Digits that mean something, with thousands apart. */
export function number(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

/** The first column to the left, the numbers to the right. */
function aligned(lines: readonly (readonly string[])[]): string {
  const [first = []] = lines
  const widths = first.map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  )
  const rule = widths.map((width, column) =>
    column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`,
  )
  const [head = '', ...body] = lines.map((line) => joined(line, widths))
  return [head, `| ${rule.join(' | ')} |`, ...body].join('\n')
}

function joined(line: readonly string[], widths: readonly number[]): string {
  const padded = line.map((cell, column) => {
    const width = widths[column] ?? 0
    return column === 0 ? cell.padEnd(width) : cell.padStart(width)
  })
  return `| ${padded.join(' | ')} |`
}

/** How far the figures can be trusted, and who is missing. */
export function foot({ rounds, noise, missing, tookMs, agreement }: Report): string {
  const lines = [
    `Median of ${rounds} rounds, ${(tookMs / 1_000).toFixed(0)} s in all. Between the rounds others ` +
      `used ${percent(noise.busyShare)} of ${noise.cpus} processors, and one fixed loop varied by ` +
      `±${percent(noise.loopSpread)}.`,
    ...(agreement === undefined
      ? []
      : [
          `${agreement.runs} runs agreed on every compared ratio within ` +
            `${percent(agreement.worstShare)}; they differed most in: ${agreement.worst}.`,
        ]),
    ...missing.map((each) => `Not measured: ${each}.`),
  ]
  return lines.join('\n')
}
