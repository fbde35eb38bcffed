/**
 * A published experiment, repeated with our machines: what others found, what we find, and what we
 * accept. `npm run papers` prints them, `papers.test.ts` holds us to them.
 */

/** One number of an experiment. `accepted` is a range; an end that is absent is not asked for. */
export interface Line {
  readonly what: string
  readonly ours: number
  /** What was published or what theory says, in its own words. */
  readonly published: string
  readonly accepted: { readonly min?: number; readonly max?: number }
}

/** One experiment. Deterministic: the seed is part of it. */
export interface Paper {
  readonly id: string
  readonly title: string
  readonly run: () => readonly Line[]
}

/** True if the number is in its range. */
export function isAccepted({ ours, accepted: { min = -Infinity, max = Infinity } }: Line): boolean {
  return ours >= min && ours <= max
}

/** The range in words. */
export function acceptedText({ accepted: { min, max } }: Line): string {
  if (min === undefined) return max === undefined ? 'any' : `≤ ${short(max)}`
  return max === undefined ? `≥ ${short(min)}` : `${short(min)} to ${short(max)}`
}

/** A number as people read it. */
export function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)))
}
