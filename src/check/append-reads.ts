/**
 * What single reads of lists show: values that should not be there, and the order of versions.
 *
 * Every list that was read is a prefix of the list as it is now. So the longest read of a key gives
 * the order of its versions, and every other read must agree with it.
 *
 * Only transactions that are known to have committed are believed.
 */
import type { Anomaly, AnomalyKind } from './anomaly.ts'
import type { Appends, Item, ListOperation, Transaction } from './transaction.ts'

/** The order of versions of each key: its longest read. */
export type VersionOrders = ReadonlyMap<string, readonly Item[]>

/** One read whose outcome is known. */
export interface Read {
  readonly reader: number
  readonly key: string
  readonly values: readonly Item[]
}

interface Longest {
  readonly values: readonly Item[]
  readonly reader: string
}

/** All reads of committed transactions. */
export function readsOf(history: readonly Transaction[]): readonly Read[] {
  return history.flatMap(({ outcome, operations }, reader) =>
    outcome !== 'committed'
      ? []
      : operations.flatMap((each) =>
          each.f === 'read' && each.values !== undefined
            ? [{ reader, key: each.key, values: each.values }]
            : [],
        ),
  )
}

/** The order of versions, and what contradicts that there is one. */
export function versionOrders(
  history: readonly Transaction[],
  reads: readonly Read[],
): { readonly orders: VersionOrders; readonly found: readonly Anomaly[] } {
  const longest = new Map<string, Longest>()
  const found: Anomaly[] = []
  for (const { key, values, reader } of reads) {
    const id = idOf(history, reader)
    const known = longest.get(key) ?? { values: [], reader: id }
    const [short, long] =
      values.length <= known.values.length ? [values, known.values] : [known.values, values]
    if (!startsWith(long, short)) {
      const words = `${known.reader} read ${listed(known.values)} of ${key}, but ${id} read ${listed(values)}`
      found.push({ kind: 'incompatible-order', words, transactions: [known.reader, id] })
    } else if (values.length >= known.values.length) longest.set(key, { values, reader: id })
  }
  return { orders: new Map([...longest].map(([key, { values }]) => [key, values])), found }
}

/** Values in reads that nobody may see: unwritten, doubled, aborted or half done. */
export function forbiddenValues(
  history: readonly Transaction[],
  reads: readonly Read[],
  appends: Appends,
): readonly Anomaly[] {
  return reads.flatMap(({ reader, key, values }) => {
    const found: Anomaly[] = []
    const id = idOf(history, reader)
    const report = (kind: AnomalyKind, rest: string, writer?: number): void => {
      const writers = writer === undefined ? [] : [idOf(history, writer)]
      found.push({ kind, words: `${id} read ${rest}`, transactions: [id, ...writers] })
    }
    const seen = new Set<Item>()
    for (const value of values) {
      const writer = appends.of(key, value)?.writer
      if (seen.has(value)) report('duplicate-item', `${value} twice in ${key}`, writer)
      if (writer === undefined) report('garbage-read', `${value} in ${key}, which nobody appended`)
      else if (history[writer]?.outcome === 'aborted')
        report('G1a', `${value} in ${key}, but ${idOf(history, writer)} had aborted`, writer)
      seen.add(value)
    }
    const last = appends.of(key, values.at(-1))
    if (last !== undefined && !last.isFinal && last.writer !== reader) {
      const writer = idOf(history, last.writer)
      report('G1b', `${key} up to ${values.at(-1)}, but ${writer} appended more to it`, last.writer)
    }
    return found
  })
}

/** Transactions that read something else than what they had read and appended before. */
export function internalContradictions(history: readonly Transaction[]): readonly Anomaly[] {
  return history.flatMap(({ id, outcome, operations }) => {
    if (outcome !== 'committed') return []
    const known = new Map<string, Known>()
    return operations.flatMap((each): readonly Anomaly[] => {
      const before = known.get(each.key) ?? { read: undefined, own: [] }
      known.set(each.key, learn(before, each))
      if (each.f === 'append' || each.values === undefined || agrees(each.values, before)) return []
      const expected = `${before.read === undefined ? '… ' : ''}${listed([...(before.read ?? []), ...before.own])}`
      const words = `${id} read ${listed(each.values)} of ${each.key} where it must see ${expected}`
      return [{ kind: 'internal', words, transactions: [id] }]
    })
  })
}

/** What a transaction knows of a key: the last list that it read and what it appended since. */
interface Known {
  readonly read: readonly Item[] | undefined
  readonly own: readonly Item[]
}

function learn(before: Known, operation: ListOperation): Known {
  if (operation.f === 'append') return { ...before, own: [...before.own, operation.value] }
  return operation.values === undefined ? before : { read: operation.values, own: [] }
}

function agrees(values: readonly Item[], { read, own }: Known): boolean {
  const rest = values.slice(values.length - own.length)
  const isOwnLast = values.length >= own.length && startsWith(rest, own)
  if (read === undefined) return isOwnLast
  return isOwnLast && values.length === read.length + own.length && startsWith(values, read)
}

function startsWith(list: readonly Item[], start: readonly Item[]): boolean {
  return list.length >= start.length && start.every((item, index) => item === list[index])
}

function idOf(history: readonly Transaction[], index: number): string {
  return history[index]?.id ?? '?'
}

/** Items of a list that are printed. */
const ITEMS_MAX = 12

function listed(values: readonly Item[]): string {
  const shown = values.slice(-ITEMS_MAX).join(', ')
  return values.length > ITEMS_MAX ? `[… ${shown}]` : `[${shown}]`
}
