/**
 * What changed between two maps of one system: arrows, stores and paths, with their numbers before and
 * after.
 *
 * Promise: two maps that print the same have no difference. Assumptions and observations are none.
 */
import { callPolicyText, eventPromise } from './arrow-text.ts'
import { findingText } from './text.ts'
import type { Path } from './path.ts'
import type { CallNumbers, SystemMap } from './system-map.ts'
import { countText, durationText, shareText } from './units.ts'

/** One thing that is new, gone, or has other numbers. */
export interface Difference {
  readonly change: 'added' | 'removed' | 'changed'
  readonly kind: 'service' | 'store' | 'call' | 'event' | 'path' | 'finding'
  readonly name: string
  /** What the map says of it, as far as it differs; empty if it was not there. */
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** What a map says of each thing: its kind and name, and its facts by their label. */
type Sayings = ReadonlyMap<string, Saying>

interface Saying {
  readonly kind: Difference['kind']
  readonly name: string
  readonly facts: Readonly<Record<string, string>>
}

/** The differences between two maps, services first and findings last. */
export function differencesOf(before: SystemMap, after: SystemMap): readonly Difference[] {
  const [was, is] = [sayingsOf(before), sayingsOf(after)]
  const keys = new Set([...was.keys(), ...is.keys()])
  const all = [...keys].flatMap((key) => differenceOf(was.get(key), is.get(key)))
  return all.toSorted((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
}

const KINDS: readonly Difference['kind'][] = [
  'service',
  'store',
  'call',
  'event',
  'path',
  'finding',
]

function differenceOf(was: Saying | undefined, is: Saying | undefined): readonly Difference[] {
  const thing = is ?? was
  if (thing === undefined) return []
  const { kind, name } = thing
  const labels = new Set([...Object.keys(was?.facts ?? {}), ...Object.keys(is?.facts ?? {})])
  const differing = [...labels].filter((each) => was?.facts[each] !== is?.facts[each])
  if (was !== undefined && is !== undefined && differing.length === 0) return []
  const told = (saying: Saying | undefined): readonly string[] =>
    differing.flatMap((each) => labelled(each, saying?.facts[each]))
  const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
  return [{ change, kind, name, before: told(was), after: told(is) }]
}

function labelled(label: string, fact: string | undefined): readonly string[] {
  if (fact === undefined) return []
  return [label === '' ? fact : `${label} ${fact}`]
}

function sayingsOf({ graph, calls, paths, findings, broker }: SystemMap): Sayings {
  const sayings: readonly Saying[] = [
    ...graph.services.map(({ name, isForeign, store }): Saying => {
      const owned = isForeign ? 'foreign' : `owns ${store ?? 'no store'}`
      return { kind: 'service', name, facts: { '': owned } }
    }),
    ...graph.stores.map(({ name, owners }): Saying => {
      return { kind: 'store', name, facts: { 'owned by': owners.join(', ') } }
    }),
    ...calls.map(callSaying),
    ...graph.events.map((each): Saying => {
      return { kind: 'event', name: each.name, facts: { '': eventPromise(each, broker) } }
    }),
    ...paths.map(pathSaying),
    ...findings.map((each): Saying => {
      const name = `${each.code} at ${each.at}`
      return { kind: 'finding', name, facts: { '': findingText(each) } }
    }),
  ]
  return new Map(sayings.map((each) => [`${each.kind} ${each.name}`, each]))
}

function callSaying(numbers: CallNumbers): Saying {
  const { arrow, enforcedMs, unenforcedMs } = numbers
  const { hasFallback, budgetRatio, isStamped } = arrow.policy
  return {
    kind: 'call',
    name: arrow.name,
    facts: {
      '': `${arrow.kind}, ${callPolicyText(numbers)}`,
      'waits at most': durationText(enforcedMs),
      'if deadlines held per attempt': durationText(unenforcedMs),
      'repeatable:': arrow.isRepeatable ? 'yes' : 'no',
      'fallback:': hasFallback ? 'a declared value' : 'none',
      'budget:': budgetRatio === undefined ? 'none' : shareText(budgetRatio),
      'stamp:': isStamped ? 'yes' : 'no',
    },
  }
}

function pathSaying({ name, waits, amplification, depth, availability, behind }: Path): Saying {
  const { withFallbacks, withoutFallbacks, needs } = availability
  return {
    kind: 'path',
    name,
    facts: {
      'waits at most': durationText(waits.enforcedMs),
      amplification: countText(amplification.product),
      'amplification of many requests, each': countText(amplification.bounded),
      depth: countText(depth.calls),
      available: shareText(withFallbacks.low),
      'available without fallbacks': shareText(withoutFallbacks.low),
      needs: needs.join(', '),
      'behind the outbox:': behind.join(', ') || 'nobody',
    },
  }
}
