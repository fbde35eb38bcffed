/**
 * Sessions: nobody's time runs backwards, and nothing is older than was promised.
 *
 * Intuition: let every write return the version that it made, and every read the version that it saw.
 * Then "my own write" and "what I saw before" are numbers, and staleness is the time since the first
 * write that the read does not know.
 *
 * Invariants, each for every key:
 *   N1. own-write: a read sees no version below the highest that its session wrote before.
 *   N2. monotonic: a read sees no version below the highest that its session read before.
 *   N3. stale: no write that a read does not see was acknowledged more than `stalenessMaxMs` before
 *       the read began. What was acknowledged later proves nothing, so this never accuses wrongly.
 *   N4. invented: a read sees version 0, which is before all writes, or one that somebody wrote. A
 *       write of unknown outcome counts as written.
 *
 * A session does one thing at a time, so its entries stand in their order. Linear, but for one
 * sorting of the writes of each key.
 *
 * Source: Terry et al., Session Guarantees for Weakly Consistent Replicated Data (1994).
 */
import { Collector, type Findings, requireLength } from './finding.ts'

/** A read or a write of one key in one session. */
export interface SessionEntry {
  readonly session: string
  readonly what: 'read' | 'write'
  readonly key: string
  /** Grows with each write of the key; 0 before the first. */
  readonly version: number
  /** When it was asked, in ms. */
  readonly startedAtMs: number
  /** When it was answered, in ms; absent for a write that nobody saw acknowledged. */
  readonly endedAtMs?: number
}

/** The promises of a session. */
export type SessionRule = 'own-write' | 'monotonic' | 'stale' | 'invented'

/** A version and the entry that it comes from. */
interface Mark {
  readonly version: number
  readonly entry: number
}

/** Judges the reads of sessions. Without `stalenessMaxMs` staleness is not judged. */
export function checkSessions(
  history: readonly SessionEntry[],
  { stalenessMaxMs = Infinity }: { readonly stalenessMaxMs?: number } = {},
): Findings<SessionRule> {
  requireLength(history)
  const collector = new Collector<SessionRule>()
  const versions = versionsOf(history)
  const wrote = new Map<string, Mark>()
  const saw = new Map<string, Mark>()
  for (const [entry, each] of history.entries()) {
    const place = JSON.stringify([each.session, each.key])
    if (each.what === 'write') {
      if (each.endedAtMs !== undefined) raise(wrote, place, { version: each.version, entry })
      continue
    }
    const report = (rule: SessionRule, than: string, others: readonly number[]): void => {
      const words = `session ${each.session} read version ${each.version} of ${each.key}${than}`
      collector.report(rule, words, [...others, entry])
    }
    const [own, seen] = [wrote.get(place), saw.get(place)]
    if (own !== undefined && each.version < own.version)
      report('own-write', ` after it wrote version ${own.version}`, [own.entry])
    if (seen !== undefined && each.version < seen.version)
      report('monotonic', ` after it read version ${seen.version}`, [seen.entry])
    const known = versions.get(each.key)
    if (each.version !== 0 && known?.has(each.version) !== true)
      report('invented', ', which nobody wrote', [])
    const missed = known?.missedBy(each.version)
    const staleMs = each.startedAtMs - (missed?.endedAtMs ?? Infinity)
    if (missed !== undefined && staleMs > stalenessMaxMs)
      report(
        'stale',
        `, but version ${missed.version} was acknowledged ${staleMs} ms before, over the limit of ${stalenessMaxMs} ms`,
        [missed.entry],
      )
    raise(saw, place, { version: each.version, entry })
  }
  return collector.result()
}

function raise(marks: Map<string, Mark>, place: string, mark: Mark): void {
  if (mark.version > (marks.get(place)?.version ?? -Infinity)) marks.set(place, mark)
}

interface Write extends Mark {
  readonly endedAtMs: number
}

/** The writes of one key. */
class Versions {
  /** By version; each with the earliest acknowledged of itself and all above it. */
  readonly #earliestFrom: readonly { readonly version: number; readonly earliest: Write }[]
  readonly #versions: ReadonlySet<number>

  constructor(writes: readonly Write[]) {
    const descending = writes.toSorted((a, b) => b.version - a.version)
    let earliest = descending[0]
    this.#earliestFrom = descending
      .flatMap((write) => {
        if (earliest === undefined || write.endedAtMs < earliest.endedAtMs) earliest = write
        return [{ version: write.version, earliest }]
      })
      .toReversed()
    this.#versions = new Set(writes.map(({ version }) => version))
  }

  has(version: number): boolean {
    return this.#versions.has(version)
  }

  /** Of all writes above the version, the one that was acknowledged first. */
  missedBy(version: number): Write | undefined {
    let [low, high] = [0, this.#earliestFrom.length]
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#earliestFrom[middle]?.version ?? 0) > version) high = middle
      else low = middle + 1
    }
    return this.#earliestFrom[low]?.earliest
  }
}

function versionsOf(history: readonly SessionEntry[]): ReadonlyMap<string, Versions> {
  const writes = history.flatMap(({ what, key, version, endedAtMs = Infinity }, entry) =>
    what === 'write' ? [{ key, version, endedAtMs, entry }] : [],
  )
  const byKey = Map.groupBy(writes, ({ key }) => key)
  return new Map([...byKey].map(([key, list]) => [key, new Versions(list)]))
}
