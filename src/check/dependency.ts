/**
 * Dependencies: which transaction must come before which, and how we know.
 *
 *   ww  its append follows the other's in a list        so  the same process ran it later
 *   wr  it read the other's append                      rt  it began after the other had ended
 *   rw  it appended what the other's read does not hold yet
 *
 * Intuition: in a serial order all arrows point forward. So a cycle of arrows proves that there is no
 * such order, and the kinds of its arrows say which promise was broken.
 *
 * Invariants:
 *   D1. Each arrow is certain. One that is left out can hide an anomaly, never invent one.
 *   D2. There are O(operations + transactions × concurrency) arrows: of `ww`, `so` and `rt` only
 *       those are kept that do not follow from others.
 */
import type { Read, VersionOrders } from './append-reads.ts'
import type { Appends, Item, Transaction } from './transaction.ts'

/** How one transaction depends on another. */
export type DependencyKind = 'ww' | 'wr' | 'rw' | 'so' | 'rt'

/** An arrow between two transactions, by their positions in the history. */
export interface Dependency {
  readonly from: number
  readonly to: number
  readonly kind: DependencyKind
  readonly key?: string
  /** What `to` appended; of `wr`, what `from` appended. */
  readonly value?: Item
}

/** The arrows that leave each transaction. */
export type Graph = readonly (readonly Dependency[])[]

/** Appends of a key that nobody ever read and that are still placed behind all that was read. */
const UNREAD_MAX = 16

/** Draws all arrows. */
export function dependenciesOf(
  history: readonly Transaction[],
  reads: readonly Read[],
  { appends, orders }: { readonly appends: Appends; readonly orders: VersionOrders },
): Graph {
  const graph = history.map((): Map<string, Dependency> => new Map())
  const unread = unreadOf(history, appends, orders)
  const all = [
    ...writesAfterWrites(appends, orders, unread),
    ...readsAndWrites(reads, { appends, orders, unread }),
    ...sessions(history),
    ...realtime(history),
  ]
  for (const each of all)
    if (each.from !== each.to) graph[each.from]?.set(`${each.kind} ${each.to}`, each)
  return graph.map((arrows) => [...arrows.values()])
}

type Unread = ReadonlyMap<string, readonly { readonly value: Item; readonly writer: number }[]>

/** Acknowledged appends that are in no read: they came after everything that anybody read. */
function unreadOf(
  history: readonly Transaction[],
  appends: Appends,
  orders: VersionOrders,
): Unread {
  const read = new Map([...orders].map(([key, values]) => [key, new Set(values)]))
  const unread = [...appends.all()].filter(
    ({ key, value, writer }) =>
      history[writer]?.outcome === 'committed' && read.get(key)?.has(value) === false,
  )
  const byKey = Map.groupBy(unread, ({ key }) => key)
  return new Map([...byKey].map(([key, list]) => [key, list.slice(0, UNREAD_MAX)]))
}

function* writesAfterWrites(
  appends: Appends,
  orders: VersionOrders,
  unread: Unread,
): Generator<Dependency> {
  for (const [key, values] of orders) {
    let last: number | undefined
    for (const value of values) {
      const writer = appends.of(key, value)?.writer
      if (last !== undefined && writer !== undefined)
        yield { from: last, to: writer, kind: 'ww', key, value }
      last = writer ?? last
    }
    for (const { value, writer } of unread.get(key) ?? [])
      if (last !== undefined) yield { from: last, to: writer, kind: 'ww', key, value }
  }
}

function* readsAndWrites(
  reads: readonly Read[],
  known: { readonly appends: Appends; readonly orders: VersionOrders; readonly unread: Unread },
): Generator<Dependency> {
  for (const { reader, key, values } of reads) {
    const seen = values.at(-1)
    const writer = known.appends.of(key, seen)?.writer
    if (seen !== undefined && writer !== undefined)
      yield { from: writer, to: reader, kind: 'wr', key, value: seen }
    const order = known.orders.get(key) ?? []
    // A read that contradicts the order of versions was reported; nothing follows it for certain.
    if (seen !== undefined && order[values.length - 1] !== seen) continue
    const missed = order[values.length]
    const next = known.appends.of(key, missed)?.writer
    if (missed !== undefined && next !== undefined)
      yield { from: reader, to: next, kind: 'rw', key, value: missed }
    if (missed !== undefined) continue
    for (const each of known.unread.get(key) ?? [])
      yield { from: reader, to: each.writer, kind: 'rw', key, value: each.value }
  }
}

function* sessions(history: readonly Transaction[]): Generator<Dependency> {
  const last = new Map<string, number>()
  const committed = history
    .map((transaction, index) => ({ ...transaction, index }))
    .filter(({ outcome }) => outcome === 'committed')
    .toSorted((a, b) => a.startedAt - b.startedAt)
  for (const { process, index } of committed) {
    const from = last.get(process)
    if (from !== undefined) yield { from, to: index, kind: 'so' }
    last.set(process, index)
  }
}

/**
 * Sweeps over time with a frontier: the transactions that ended and that no ended one follows yet.
 * What begins depends on the frontier, and on everything behind it through the frontier.
 */
function* realtime(history: readonly Transaction[]): Generator<Dependency> {
  const moments = history.flatMap(({ startedAt, endedAt, outcome }, index) => [
    ...(outcome === 'aborted' ? [] : [{ at: startedAt, index, isEnd: false }]),
    ...(outcome === 'committed' ? [{ at: endedAt ?? Infinity, index, isEnd: true }] : []),
  ])
  const frontier = new Set<number>()
  const before = new Map<number, readonly number[]>()
  // At one moment starts come before ends: what only touches is concurrent.
  for (const { index, isEnd } of moments.toSorted(
    (a, b) => compare(a.at, b.at) || Number(a.isEnd) - Number(b.isEnd),
  )) {
    if (!isEnd) {
      before.set(index, [...frontier])
      for (const from of frontier) yield { from, to: index, kind: 'rt' }
    } else {
      for (const each of before.get(index) ?? []) frontier.delete(each)
      frontier.add(index)
    }
  }
}

/** Infinity minus itself is no number, so moments are compared and not subtracted. */
function compare(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The arrow in words. */
export function describeDependency(
  history: readonly Transaction[],
  { from, to, kind, key, value }: Dependency,
): string {
  const [a, b] = [history[from]?.id ?? '?', history[to]?.id ?? '?']
  switch (kind) {
    case 'ww':
      return `${b} appended ${value} to ${key} behind what ${a} appended`
    case 'wr':
      return `${b} read ${value} in ${key}, which ${a} appended`
    case 'rw':
      return `${a} read ${key} without ${value}, which ${b} appended`
    case 'so':
      return `${history[from]?.process} ran ${a} before ${b}`
    case 'rt':
      return `${a} had ended when ${b} began`
    default:
      return kind satisfies never
  }
}
