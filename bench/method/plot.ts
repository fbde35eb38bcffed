/**
 * A table as bars, in SVG: drawn here, because a picture that is generated needs no library.
 *
 * Intuition: the bars are logarithmic, since peers differ by factors. Every bar is labelled with its
 * value, so that nobody has to read a length.
 */
import type { Role } from './bench.ts'
import { number } from './text.ts'
import type { Table } from './report.ts'

const WIDTH = 720
const LABEL = 210
const VALUE = 90
const BAR = 16
const STEP = 24
/** The shortest bar, so that the smallest value is still seen. */
const BAR_MIN = 4

const colours: Readonly<Record<Role, string>> = {
  holdfast: '#0b7a75',
  variant: '#7fb9b5',
  peer: '#8a8f98',
  floor: '#c9ccd1',
}

/** The picture of a table, best first. */
export function plot({ rows, better, unit }: Table): string {
  const sign = better === 'less' ? 1 : -1
  const sorted = rows.toSorted((left, right) => sign * (left.value - right.value))
  const length = scale(sorted.map(({ value }) => value))
  const height = STEP * sorted.length + 28
  const bars = sorted.map(({ name, role, value }, index) => {
    const y = 24 + index * STEP
    const width = length(value).toFixed(1)
    return [
      `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end">${escaped(name)}</text>`,
      `<rect x="${LABEL}" y="${y}" width="${width}" height="${BAR}" rx="2" fill="${colours[role]}"/>`,
      `<text x="${LABEL + Number(width) + 6}" y="${y + 12}">${number(value)}</text>`,
    ].join('\n  ')
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12" fill="#4a4f57">
  <text x="${LABEL}" y="14">${escaped(unit)}, ${better} is better, logarithmic</text>
  ${bars.join('\n  ')}
</svg>
`
}

/** Lengths that grow with the logarithm, from half the smallest value to the largest. */
function scale(values: readonly number[]): (value: number) => number {
  const positive = values.filter((value) => value > 0)
  const least = Math.log(Math.min(...positive) / 2)
  const most = Math.log(Math.max(...positive))
  const room = WIDTH - LABEL - VALUE
  return (value) =>
    value > 0 ? Math.max(BAR_MIN, (room * (Math.log(value) - least)) / (most - least)) : BAR_MIN
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
