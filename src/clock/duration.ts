/**
 * A duration as people write it: a number with its unit, checked by the compiler.
 */
import { HoldfastError } from '#errors'

/** `'800ms'`, `'3s'`, `'10m'`, `'24h'`, `'7d'`. A bare number does not compile: it has no unit. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** Thirty days: longer is a mistake in every place where Holdfast takes a duration. */
const DURATION_MS_MAX = 30 * 86_400_000

/**
 * The duration in milliseconds.
 *
 * @throws HF_DECLARATION_INVALID if it is not a positive decimal number with a unit, at most 30 days.
 */
export function durationMs(duration: Duration): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration) ?? []
  const ms = Number(amount) * (MS_PER_UNIT[unit ?? ''] ?? Number.NaN)
  if (ms > 0 && ms <= DURATION_MS_MAX) return ms
  throw new HoldfastError('HF_DECLARATION_INVALID', {
    detail: `'${duration}' is not a duration between 0 and 30 days, such as '800ms' or '3s'`,
  })
}
