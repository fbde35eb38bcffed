/**
 * Gates: limits that a system must keep, checked where a change can still be refused.
 *
 * Invariants:
 *   G1. A breach names the path at fault, the number and the limit.
 *   G2. What is unbounded breaks every limit; an availability that is only known within an interval
 *       is judged by its lower end.
 *   G3. Amplification is judged by what a single request may become: a retry budget bounds the sum of
 *       many, and a full jar lets one have all its attempts.
 */
import type { Path } from './path.ts'
import type { SystemMap } from './system-map.ts'
import { countText, durationText, listText, plural, shareText } from './units.ts'

/** The limits; what is absent is not checked. */
export interface Limits {
  readonly amplificationMax?: number
  readonly latencyMsMax?: number
  readonly depthMax?: number
  /** A share: 0.999. */
  readonly availabilityMin?: number
}

/** A path that breaks a limit. */
export interface Breach {
  readonly gate: 'amplification' | 'latency' | 'depth' | 'availability'
  readonly path: string
  readonly way: readonly string[]
  readonly says: string
}

/** Every path that breaks a limit, the worst of each kind first. */
export function breachesOf({ paths }: SystemMap, limits: Limits): readonly Breach[] {
  return [
    ...over(paths, limits.amplificationMax, ({ amplification }) => amplification.product, loud),
    ...over(paths, limits.latencyMsMax, ({ waits }) => waits.enforcedMs, slow),
    ...over(paths, limits.depthMax, ({ depth }) => depth.calls, tall),
    ...under(paths, limits.availabilityMin),
  ]
}

function over(
  paths: readonly Path[],
  limit: number | undefined,
  measure: (path: Path) => number,
  breach: (path: Path, limit: number) => Breach,
): readonly Breach[] {
  if (limit === undefined) return []
  return paths
    .filter((path) => measure(path) > limit)
    .toSorted((a, b) => measure(b) - measure(a))
    .map((path) => breach(path, limit))
}

function loud({ name, amplification: { product, way } }: Path, limit: number): Breach {
  const says = `one request becomes ${countText(product)}, at most ${countText(limit)} may be: ${way.join(' > ')}`
  return { gate: 'amplification', path: name, way, says }
}

function slow({ name, waits: { enforcedMs, way } }: Path, limitMs: number): Breach {
  const says = `it may wait ${durationText(enforcedMs)}, at most ${durationText(limitMs)} is allowed: ${way.join(' > ')}`
  return { gate: 'latency', path: name, way, says }
}

function tall({ name, depth: { calls, way } }: Path, limit: number): Breach {
  const height = Number.isFinite(calls) ? `${plural(calls, 'call')} deep` : 'without a bottom'
  const says = `it is ${height}, at most ${limit} is allowed: ${way.join(' > ')}`
  return { gate: 'depth', path: name, way, says }
}

function under(paths: readonly Path[], least: number | undefined): readonly Breach[] {
  if (least === undefined) return []
  return paths
    .filter(({ availability }) => availability.withFallbacks.low < least)
    .toSorted((a, b) => a.availability.withFallbacks.low - b.availability.withFallbacks.low)
    .map(({ name, availability: { withFallbacks, needs } }) => ({
      gate: 'availability',
      path: name,
      way: needs,
      says: `it is available ${shareText(withFallbacks.low)} of the time, at least ${shareText(least)} is required: ${listText(needs, ' x ')}`,
    }))
}
