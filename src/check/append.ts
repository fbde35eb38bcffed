/**
 * Isolation of transactions, judged by lists that are only appended to.
 *
 * Intuition: the reads give the order of versions, the versions give arrows between transactions, and
 * a cycle of arrows is a proof that no serial order exists. Everything is linear in the history but
 * the search for a short cycle, which is bounded; it needs none of the store's help and no model.
 *
 * Invariants:
 *   A1. Every anomaly is certain: it follows from what clients saw, whatever the store did.
 *   A2. No anomaly is no proof: what nobody read, nobody can judge.
 *   A3. Transactions of unknown outcome are believed to have committed only where somebody read them.
 *
 * Source: Kingsbury & Alvaro, Elle: Inferring Isolation Anomalies from Experimental Observations
 * (2020). Rejected: registers, whose version order must be guessed. Of snapshot isolation, cycles of
 * two or more rw that are never adjacent are not told from G2, which it permits.
 */
import {
  anomalies,
  type Anomaly,
  type AnomalyKind,
  type IsolationLevel,
  isForbidden,
} from './anomaly.ts'
import { forbiddenValues, internalContradictions, readsOf, versionOrders } from './append-reads.ts'
import { components, type Cycle, type CycleKind, shortestCycle } from './cycle.ts'
import {
  dependenciesOf,
  type DependencyKind,
  describeDependency,
  type Graph,
} from './dependency.ts'
import { Appends, type Transaction } from './transaction.ts'

/** What a history says about the isolation of its transactions. */
export interface Isolation {
  readonly verdict: 'isolated' | 'anomalous'
  /** The first of them, at most ANOMALIES_MAX. */
  readonly anomalies: readonly Anomaly[]
  /** How many there are beside those. */
  readonly more: number
}

const ANOMALIES_MAX = 100

/**
 * Judges transactions by the level that their store claims.
 *
 * @throws HF_HISTORY_INVALID if a value was appended to a key twice, effect 'none'.
 * @example
 * const lost = [
 *   { id: 't1', process: 'a', startedAt: 0, endedAt: 9, outcome: 'committed', operations: [
 *     { f: 'read', key: 'x', values: [] }, { f: 'append', key: 'x', value: 1 }] },
 *   { id: 't2', process: 'b', startedAt: 0, endedAt: 9, outcome: 'committed', operations: [
 *     { f: 'read', key: 'x', values: [] }, { f: 'append', key: 'x', value: 2 }] },
 *   { id: 't3', process: 'c', startedAt: 10, endedAt: 11, outcome: 'committed', operations: [
 *     { f: 'read', key: 'x', values: [1, 2] }] },
 * ] as const
 * checkListAppend(lost).anomalies[0]?.kind // 'G-single'
 */
export function checkListAppend(
  history: readonly Transaction[],
  {
    level = 'strict-serializable',
  }: {
    /** @defaultValue 'strict-serializable' */
    readonly level?: IsolationLevel
  } = {},
): Isolation {
  const appends = new Appends(history)
  const reads = readsOf(history)
  const { orders, found } = versionOrders(history, reads)
  const graph = dependenciesOf(history, reads, { appends, orders })
  const all = [
    ...forbiddenValues(history, reads, appends),
    ...found,
    ...internalContradictions(history),
    ...cyclesOf(graph).map(({ kind, cycle }) => cyclic(history, kind, cycle)),
  ].filter(({ kind }) => isForbidden(kind, level))
  return {
    verdict: all.length === 0 ? 'isolated' : 'anomalous',
    anomalies: all.slice(0, ANOMALIES_MAX),
    more: Math.max(0, all.length - ANOMALIES_MAX),
  }
}

const setOf = (...kinds: readonly DependencyKind[]): ReadonlySet<DependencyKind> => new Set(kinds)
const WRITES = setOf('ww')
const FLOW = setOf('ww', 'wr')
const DATA = setOf('ww', 'wr', 'rw')
const SESSION = setOf('ww', 'wr', 'rw', 'so')
const REALTIME = setOf('ww', 'wr', 'rw', 'so', 'rt')

/**
 * Where each kind of cycle is looked for, the worst first. Kinds of one row exclude each other in a
 * component: a cycle with a single rw is forbidden by more levels than one with several.
 */
const ROWS: readonly {
  readonly field: ReadonlySet<DependencyKind>
  readonly kinds: readonly (CycleKind & { readonly kind: AnomalyKind })[]
}[] = [
  { field: WRITES, kinds: [{ kind: 'G0', through: 'ww', others: WRITES }] },
  { field: FLOW, kinds: [{ kind: 'G1c', through: 'wr', others: FLOW }] },
  {
    field: DATA,
    kinds: [
      { kind: 'G-single', through: 'rw', others: FLOW },
      { kind: 'G2', through: 'rw', others: DATA },
    ],
  },
  { field: SESSION, kinds: [{ kind: 'session', through: 'so', others: SESSION }] },
  { field: REALTIME, kinds: [{ kind: 'realtime', through: 'rt', others: REALTIME }] },
]

function cyclesOf(graph: Graph): readonly { readonly kind: AnomalyKind; readonly cycle: Cycle }[] {
  return ROWS.flatMap(({ field, kinds }) =>
    components(graph, field).flatMap((component) => {
      for (const { kind, ...wanted } of kinds) {
        const cycle = shortestCycle(graph, component, wanted)
        if (cycle !== undefined) return [{ kind: exactKind(kind, cycle), cycle }]
      }
      return []
    }),
  )
}

/** Where the bound ended the search for a single rw, the search for several may still meet one. */
function exactKind(kind: AnomalyKind, cycle: Cycle): AnomalyKind {
  const isSingle = cycle.filter((each) => each.kind === 'rw').length === 1
  return kind === 'G2' && isSingle ? 'G-single' : kind
}

function cyclic(history: readonly Transaction[], kind: AnomalyKind, cycle: Cycle): Anomaly {
  const steps = cycle.map((each) => describeDependency(history, each))
  const ids = cycle.map(({ from }) => history[from]?.id ?? '?')
  return {
    kind,
    words: `${anomalies[kind].title}: ${steps.join('; ')}; so ${ids[0]} would come before itself`,
    transactions: ids,
  }
}
