/**
 * Whole numbers on the command line, decimal or hexadecimal, within bounds that the refusal names.
 */
import { HoldfastError } from '#errors'

/** A whole number from 0 to `max`. @throws HF_USAGE naming the option and its bounds, effect 'none'. */
export function wholeNumber(option: string, text: string, max: number): number {
  const value = /^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN
  if (value >= 0 && value <= max) return value
  throw new HoldfastError('HF_USAGE', {
    detail: `${option} must be a whole number from 0 to ${max}, not '${text}'`,
  })
}
