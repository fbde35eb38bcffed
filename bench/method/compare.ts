/**
 * Two results of the same benches: where is Holdfast less far ahead than it was?
 *
 * Invariants:
 *   G1. Only ratios are compared, never figures: they were measured on different days, perhaps on
 *       different machines.
 *   G2. A ratio that has fallen to 1 / `SLOWER_MAX` of what it was is a regression, and no smaller
 *       fall is: three runs of one commit agree within 15 %, so less would be noise.
 *   G3. A bench, table or row that is missing now is not silently fine: it is named.
 */
import type { Report, Row, Table } from './report.ts'

/** How much slower Holdfast may have become, against whoever it is compared with. */
const SLOWER_MAX = 1.2

/** What changed for the worse, in sentences; empty if nothing did. */
export function regressions(before: readonly Report[], now: readonly Report[]): readonly string[] {
  return now.flatMap((report) => {
    const earlier = before.find(({ bench }) => bench === report.bench)
    return earlier === undefined ? [] : earlier.tables.flatMap((table) => inTable(table, report))
  })
}

function inTable(before: Table, { bench, tables }: Report): readonly string[] {
  if (!before.isCompared) return []
  const now = tables.find(({ name }) => name === before.name)
  const title = `${bench}, ${before.unit}`
  if (now === undefined) return [`${title}: is no longer measured`]
  return before.rows
    .filter(({ role }) => role === 'holdfast' || role === 'variant')
    .flatMap((row) => {
      const same = now.rows.find(({ name }) => name === row.name)
      return same === undefined
        ? [`${title}: ${row.name} is no longer measured`]
        : inRow(`${title}: ${row.name}`, row, same)
    })
}

function inRow(title: string, before: Row, now: Row): readonly string[] {
  const pairs = [
    ['the floor', before.ratioToFloor, now.ratioToFloor],
    ['the best peer', before.ratioToBestPeer, now.ratioToBestPeer],
  ] as const
  return pairs.flatMap(([whom, was, is]) => {
    if (was === null || is === null || is * SLOWER_MAX > was) return []
    const percent = ((was / is - 1) * 100).toFixed(0)
    return [`${title} was ${was.toFixed(2)} of ${whom} and is ${is.toFixed(2)}: ${percent} % worse`]
  })
}
