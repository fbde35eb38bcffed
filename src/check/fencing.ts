/**
 * Fencing: once a store has seen a newer holder, no older one writes.
 *
 * Intuition: a lease only says who should act; a holder that was paused does not know that it lost
 * it. What protects the rows is the store, which remembers the highest token and refuses all below.
 *
 * Invariants, each for every resource:
 *   F1. old-token: no write is accepted under a token below the highest that the store saw before,
 *       granted or accepted.
 *   F2. shared-token: no two holders ever use the same token.
 *
 * A token that was refused raises nothing: the store owes it nothing.
 *
 * Source: Kleppmann, How to do distributed locking (2016).
 */
import { Collector, type Findings, requireLength } from './finding.ts'

/** What a store did with a token, in the order of its commits. */
export interface FencingEntry {
  readonly what: 'granted' | 'accepted' | 'refused'
  readonly resource: string
  readonly holder: string
  readonly token: bigint
}

/** The promises of a fence. */
export type FencingRule = 'old-token' | 'shared-token'

interface Newest {
  readonly token: bigint
  readonly holder: string
  readonly entry: number
}

/** Judges what a store accepted, in one walk. */
export function checkFencing(history: readonly FencingEntry[]): Findings<FencingRule> {
  requireLength(history)
  const collector = new Collector<FencingRule>()
  const newest = new Map<string, Newest>()
  const holders = new Map<string, Newest>()
  for (const [entry, { what, resource, holder, token }] of history.entries()) {
    const known = newest.get(resource)
    if (what === 'accepted' && known !== undefined && token < known.token)
      collector.report(
        'old-token',
        `${resource}: accepted token ${token} of ${holder} after token ${known.token} of ${known.holder}`,
        [known.entry, entry],
      )
    const place = JSON.stringify([resource, String(token)])
    const owner = holders.get(place)
    if (owner === undefined) holders.set(place, { token, holder, entry })
    else if (owner.holder !== holder)
      collector.report(
        'shared-token',
        `${resource}: token ${token} is used by ${owner.holder} and by ${holder}`,
        [owner.entry, entry],
      )
    if (what !== 'refused' && token > (known?.token ?? -1n))
      newest.set(resource, { token, holder, entry })
  }
  return collector.result()
}
