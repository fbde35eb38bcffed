/**
 * From samples to a report: one table for each measure, with ratios to the floor and the best peer.
 *
 * Invariants:
 *   P1. The best peer is the one with the best median of this measure, floor and variants left out.
 *   P2. The headline's rows stand in `rows`, so that one object answers whoever asks for one number.
 */
import type { Agreement } from './agree.ts'
import type { Bench, Measure, Role } from './bench.ts'
import type { NoiseReport } from './noise.ts'
import type { Measured, Rounds } from './rounds.ts'
import { ahead, exponent, median, spread } from './statistics.ts'

/** One subject in one measure. Ratios above 1 mean ahead; `null` where there is nobody to compare with. */
export interface Row {
  readonly name: string
  readonly role: Role
  readonly value: number
  /** Half the distance between the quartiles, as a share of `value`. */
  readonly spread: number
  readonly ratioToFloor: number | null
  readonly ratioToBestPeer: number | null
}

/** One measure of all subjects. */
export interface Table extends Measure {
  readonly rows: readonly Row[]
  /** The value grows with the size to this power, where the subjects have sizes: 0 is flat, 1 linear. */
  readonly exponent?: number
}

/** What one run of one bench found. */
export interface Report {
  readonly bench: string
  readonly question: string
  /** Of the headline, as are the rows. */
  readonly unit: string
  readonly rows: readonly Row[]
  readonly tables: readonly Table[]
  readonly rounds: number
  readonly missing: readonly string[]
  readonly noise: NoiseReport
  readonly tookMs: number
  /** Where the bench was run several times. */
  readonly agreement?: Agreement
}

/** Makes the report of a bench. */
export function report(bench: Bench, rounds: number, run: Rounds): Report {
  const tables = bench.measures.map((measure) => tableOf(measure, run.measured))
  return {
    bench: bench.name,
    question: bench.question,
    unit: bench.measures[0].unit,
    rows: tables[0]?.rows ?? [],
    tables,
    rounds,
    missing: run.missing,
    noise: run.noise,
    tookMs: Math.round(run.tookMs),
  }
}

interface Series {
  readonly name: string
  readonly role: Role
  readonly size: number | undefined
  readonly values: readonly number[]
}

function tableOf(measure: Measure, measured: readonly Measured[]): Table {
  const all = measured
    .map(({ subject: { name, role, size }, samples }): Series => {
      const values = samples.map((sample) => sample[measure.name] ?? Number.NaN)
      return { name, role, size, values }
    })
    .filter(({ values }) => values.some((value) => Number.isFinite(value)))
  const floor = all.find(({ role }) => role === 'floor')
  const best = bestPeer(measure, all)
  const rows = all.map((series) => rowOf(measure, series, floor, best))
  const points = all.flatMap(({ size, values }) =>
    size === undefined ? [] : [[size, median(values)] as const],
  )
  return points.length < 2
    ? { ...measure, rows }
    : { ...measure, rows, exponent: rounded(exponent(points)) }
}

function bestPeer({ better }: Measure, all: readonly Series[]): Series | undefined {
  const sign = better === 'less' ? 1 : -1
  return all
    .filter(({ role }) => role === 'peer')
    .toSorted((left, right) => sign * (median(left.values) - median(right.values)))[0]
}

function rowOf(
  { better }: Measure,
  { name, role, values }: Series,
  floor: Series | undefined,
  best: Series | undefined,
): Row {
  const to = (other: Series | undefined): number | null =>
    other === undefined ? null : known(rounded(ahead(values, other.values, better)))
  return {
    name,
    role,
    value: rounded(median(values)),
    spread: rounded(spread(values)),
    ratioToFloor: to(floor),
    ratioToBestPeer: to(best),
  }
}

/** Nothing divided by nothing says nothing: nobody failed, for instance. */
function known(ratio: number): number | null {
  return Number.isFinite(ratio) ? ratio : null
}

/** Four digits: more would be noise that looks like knowledge. */
function rounded(value: number): number {
  return Number(value.toPrecision(4))
}
