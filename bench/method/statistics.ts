/**
 * Numbers about numbers: median, quantile, spread, and the ratio of two series that were measured in
 * turns.
 *
 * Invariants:
 *   S1. A ratio above 1 means that the subject is ahead, whatever the unit.
 *   S2. A ratio is the median of the ratios of each round. A machine that was slow in one round was
 *       slow for both, so the ratio holds where the absolute figures do not.
 */

/** The middle of the values; the mean of the two middle ones if there is none. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right)
  const half = Math.floor(sorted.length / 2)
  const high = sorted[half] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[half - 1] ?? Number.NaN) + high) / 2
}

/** The value that `share` of the values do not exceed. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Half the distance between the quartiles, as a share of the median: one bad round is not a spread. */
export function spread(values: readonly number[]): number {
  const middle = median(values)
  if (middle === 0 || values.length < 2) return 0
  return (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / Math.abs(middle)
}

/** How far `subject` is ahead of `reference`, both in the order of the rounds. */
export function ahead(
  subject: readonly number[],
  reference: readonly number[],
  better: 'less' | 'more',
): number {
  const ratios = subject.flatMap((value, round) => {
    const other = reference[round]
    if (other === undefined) return []
    return [better === 'less' ? other / value : value / other]
  })
  return median(ratios.filter((ratio) => Number.isFinite(ratio)))
}
