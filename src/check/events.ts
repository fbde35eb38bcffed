/**
 * Event edges: nothing lost, in order per key, one effect each.
 *
 * Intuition: write down, in the order of commits, what was emitted, tried and done. Then each promise
 * of an edge is a question about one event's entries or about one key's: a walk over the history.
 *
 * Invariants, each for every edge:
 *   V1. lost: an event that was emitted took effect, or stands among the dead letters.
 *   V2. order: events of one key are first delivered in the order in which they were emitted. The key
 *       '' declares no order.
 *   V3. twice: an event is emitted once and takes effect at most once.
 *   V4. invented: only what was emitted before is delivered or takes effect.
 *
 * Deliveries may repeat as they like: at least once is what a broker promises, one effect is what the
 * inbox makes of it.
 *
 * Source: the rules of Maelstrom's kafka workload, for keys in place of partitions.
 */
import { Collector, type Findings, requireLength } from './finding.ts'

/** One thing that happened to an event on an edge. */
export interface EventEntry {
  /** `emitted`, `effect` and `dead` are commits, in their order; `delivered` is each try that arrived. */
  readonly what: 'emitted' | 'delivered' | 'effect' | 'dead'
  /** `orders>inventory`. */
  readonly edge: string
  /** The same on every try. */
  readonly id: string
  /** Ordering key; '' for none. Read where the event is emitted. */
  readonly key?: string
}

/** The promises of an event edge. */
export type EventRule = 'lost' | 'order' | 'twice' | 'invented'

interface Track {
  readonly emittedAt: number
  readonly key: string
  /** Place among the events of its key, from 0. */
  readonly place: number
  deliveredAt: number | undefined
  effectAt: number | undefined
  isDead: boolean
}

/** The event of a key that was delivered last of those first delivered, by place. */
interface Latest {
  readonly id: string
  readonly place: number
  readonly entry: number
}

/**
 * Judges the entries of event edges, in one walk.
 *
 * @param options `isSettled: false` while events may still be on their way: then none counts as lost.
 */
export function checkEvents(
  history: readonly EventEntry[],
  {
    isSettled = true,
  }: {
    /** @defaultValue true */
    readonly isSettled?: boolean
  } = {},
): Findings<EventRule> {
  requireLength(history)
  const collector = new Collector<EventRule>()
  for (const [edge, entries] of entriesByEdge(history))
    new EdgeWalk(edge, collector).walk(entries, isSettled)
  return collector.result()
}

type Placed = EventEntry & { readonly index: number }

function entriesByEdge(history: readonly EventEntry[]): ReadonlyMap<string, readonly Placed[]> {
  return Map.groupBy(
    history.map((entry, index) => ({ ...entry, index })),
    ({ edge }) => edge,
  )
}

/** One edge's history, entry by entry. */
class EdgeWalk {
  readonly #edge: string
  readonly #collector: Collector<EventRule>
  readonly #tracks = new Map<string, Track>()
  readonly #emittedOf = new Map<string, number>()
  readonly #latestOf = new Map<string, Latest>()

  constructor(edge: string, collector: Collector<EventRule>) {
    this.#edge = edge
    this.#collector = collector
  }

  walk(entries: readonly Placed[], isSettled: boolean): void {
    for (const entry of entries) this.#take(entry)
    if (!isSettled) return
    for (const [id, { emittedAt, effectAt, isDead }] of this.#tracks)
      if (effectAt === undefined && !isDead)
        this.#report('lost', `${id} was emitted and never took effect`, [emittedAt])
  }

  #take(entry: Placed): void {
    if (entry.what === 'emitted') return this.#emit(entry)
    const track = this.#tracks.get(entry.id)
    if (track === undefined)
      return this.#report('invented', `${entry.id} ${WORDS[entry.what]} before it was emitted`, [
        entry.index,
      ])
    if (entry.what === 'dead') track.isDead = true
    else if (entry.what === 'effect') this.#effect(entry, track)
    else if (track.deliveredAt === undefined) this.#deliver(entry, track)
  }

  #emit({ id, key = '', index }: Placed): void {
    const before = this.#tracks.get(id)
    if (before !== undefined)
      return this.#report('twice', `${id} was emitted again`, [before.emittedAt, index])
    const place = this.#emittedOf.get(key) ?? 0
    this.#emittedOf.set(key, place + 1)
    this.#tracks.set(id, {
      emittedAt: index,
      key,
      place,
      deliveredAt: undefined,
      effectAt: undefined,
      isDead: false,
    })
  }

  #effect({ id, index }: Placed, track: Track): void {
    if (track.effectAt !== undefined)
      this.#report('twice', `${id} took effect again`, [track.effectAt, index])
    track.effectAt ??= index
  }

  /** Compared with the latest place alone: one that was skipped is reported when it arrives. */
  #deliver({ id, index }: Placed, track: Track): void {
    track.deliveredAt = index
    if (track.key === '') return
    const latest = this.#latestOf.get(track.key)
    if (latest !== undefined && track.place < latest.place)
      this.#report(
        'order',
        `key ${track.key}: ${latest.id} was delivered before ${id}, which was emitted first`,
        [track.emittedAt, latest.entry, index],
      )
    else this.#latestOf.set(track.key, { id, place: track.place, entry: index })
  }

  #report(rule: EventRule, words: string, entries: readonly number[]): void {
    this.#collector.report(rule, `${this.#edge}: ${words}`, entries)
  }
}

const WORDS = { delivered: 'was delivered', effect: 'took effect', dead: 'was given up' } as const
