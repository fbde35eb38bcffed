/**
 * A moment in writing. Formatting a given number reads no clock, so the result can be replayed.
 */

/** ISO 8601 in UTC with milliseconds, for people and for the wire. */
export function isoMoment(wallMs: number): string {
  return new Date(wallMs).toISOString()
}

/** Milliseconds since 1970 of a moment in ISO 8601; `undefined` if the text is none. */
export function momentOf(text: string): number | undefined {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
