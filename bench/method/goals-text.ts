/**
 * The goals as a table: reached or missed, by how much, and why.
 */
import { reached, type Reached } from '../goals.ts'
import type { Report } from './report.ts'
import { number } from './text.ts'

/** A section of the page; empty if no goal was measured. */
export function goalsText(reports: readonly Report[]): readonly string[] {
  const all = reached(reports)
  if (all.length === 0) return []
  const count = all.filter(({ isReached }) => isReached).length
  return [
    '## Goals',
    `${count} of ${all.length} are reached.`,
    ['| goal | wanted | found | |', '| --- | ---: | ---: | --- |', ...all.map(line)].join('\n'),
  ]
}

function line({ goal: { text, atLeast, atMost, because }, found, isReached }: Reached): string {
  const wanted = atLeast === undefined ? `≤ ${shown(atMost)}` : `≥ ${shown(atLeast)}`
  const verdict = isReached ? 'reached' : `**missed**, because ${because}`
  return `| ${text} | ${wanted} | ${shown(found)} | ${verdict} |`
}

function shown(value = Number.NaN): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : number(value)
}
