/**
 * The last line of `--json`: what a program reads of a report. Its shape is a promise, so it is written
 * out here and not whatever a report happens to hold.
 */
import type { Report, Row } from './report.ts'

/** One bench by its headline. Our row is named `holdfast`; a ratio above 1 means ahead. */
export interface Line {
  readonly bench: string
  readonly unit: string
  readonly rows: readonly Omit<Row, 'role'>[]
}

/** The line of a report. */
export function lineOf({ bench, unit, rows }: Report): Line {
  return {
    bench,
    unit,
    rows: rows.map(({ name, value, spread, ratioToFloor, ratioToBestPeer }) => ({
      name,
      value,
      spread,
      ratioToFloor,
      ratioToBestPeer,
    })),
  }
}
