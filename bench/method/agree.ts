/**
 * Do several runs of one commit say the same? A ratio that is another one in each run is no result.
 *
 * Invariants:
 *   A1. Only compared measures count: what is shown only is shown because it does not agree.
 *   A2. Every row counts, peers included: a peer that wanders moves our ratio to it.
 */
import type { Report, Row } from './report.ts'

/** How far the runs lie apart. */
export interface Agreement {
  readonly runs: number
  /** The largest ratio over the smallest, less one, of the row in which they differ most. */
  readonly worstShare: number
  /** That row, in words; empty if nothing is compared. */
  readonly worst: string
}

/** Compares runs of one bench. */
export function agreementOf(reports: readonly Report[]): Agreement {
  const [first] = reports
  const apart = (first?.tables ?? [])
    .filter(({ isCompared }) => isCompared)
    .flatMap(({ name, unit, rows }) =>
      rows.flatMap((row) =>
        kinds.map((kind) => ({
          worst: `${row.name}, ${unit}, ${words[kind]}`,
          worstShare: apartBy(ratios(reports, name, row.name, kind)),
        })),
      ),
    )
    .toSorted((left, right) => right.worstShare - left.worstShare)
  return { runs: reports.length, worstShare: 0, worst: '', ...apart[0] }
}

const kinds = ['ratioToFloor', 'ratioToBestPeer'] as const
const words = { ratioToFloor: 'to the floor', ratioToBestPeer: 'to the best peer' } as const

function ratios(
  reports: readonly Report[],
  table: string,
  row: string,
  kind: keyof Pick<Row, 'ratioToFloor' | 'ratioToBestPeer'>,
): readonly number[] {
  return reports.flatMap(({ tables }) => {
    const rows = tables.find(({ name }) => name === table)?.rows
    return rows?.find(({ name }) => name === row)?.[kind] ?? []
  })
}

function apartBy(values: readonly number[]): number {
  return values.length < 2 ? 0 : Math.max(...values) / Math.min(...values) - 1
}
