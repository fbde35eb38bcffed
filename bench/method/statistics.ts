/**
 * Numbers about numbers: median, quantile, spread, the ratio of two series that were measured in turns,
 * and the power with which a cost grows.
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
    // What can fall below nothing, as a gain, has no ratio.
    if (other === undefined || other < 0 || value < 0) return []
    return [better === 'less' ? other / value : value / other]
  })
  return median(ratios.filter((ratio) => Number.isFinite(ratio)))
}

/**
 * The power with which `y` grows with `x`: the slope of the straight line through the logarithms that has
 * the least squares. 0 means flat, 1 means in proportion.
 */
export function exponent(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const)
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length
  const together = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return together / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}
