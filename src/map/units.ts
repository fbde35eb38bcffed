/**
 * Numbers as people read them, with their unit.
 *
 * Invariants:
 *   U1. A share is rounded down: the map never claims a nine that it does not have.
 *   U2. Rounded numbers have at most three significant digits, but shares have all their nines.
 */

/** `800 ms`, `2 s`, `6.15 s`, `1.5 min`. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return 'without bound'
  if (ms < 1_000) return `${significant(ms)} ms`
  return ms < 60_000 ? `${significant(ms / 1_000)} s` : `${significant(ms / 60_000)} min`
}

/** `3`, `2.66`, `1.2e+14`, or `unbounded`. */
export function countText(count: number): string {
  if (!Number.isFinite(count)) return 'unbounded'
  if (count >= 1e6) return count.toExponential(1)
  return count >= 100 ? String(Math.round(count)) : String(significant(count))
}

/** `99.80 %`: two decimals, or as many more as there are nines. */
export function shareText(share: number): string {
  if (share >= 1) return '100 %'
  // A hair of rounding in a sum of doubles is neither another nine nor a whole step less.
  const nines = Math.min(10, Math.max(2, Math.ceil(-Math.log10(1 - share) - 1e-6) - 2))
  const scale = 10 ** nines
  return `${(Math.floor(share * 100 * scale + 1e-6) / scale).toFixed(nines)} %`
}

/** `1 call`, `2 calls`. */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** The first few names, and how many more there are. */
export function listText(names: readonly string[], separator = ', ', namesMax = 6): string {
  const left = names.length - namesMax
  if (left <= 0) return names.join(separator)
  return [...names.slice(0, namesMax), `${left} more`].join(separator)
}

function significant(value: number): number {
  return Number(value.toPrecision(3))
}
