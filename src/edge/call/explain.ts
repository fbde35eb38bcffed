/**
 * An arrow, explained: the stages that a call over it passes, with every number and who chose it.
 *
 * Promise: the numbers are read from the very policy that is enforced, and the stages from the very
 * list that is composed, so that an explanation cannot be out of date.
 */
import type { Chooser, EdgeOperation, ResolvedPolicy } from '#model'
import { outgoing } from './outgoing.ts'

/** One number of a policy. `from` says who chose it. */
export interface ExplainedNumber {
  readonly name: string
  readonly value: string | number | boolean
  readonly from: Chooser | 'default'
}

/** One stage, and what stands in the policy for it. */
export interface ExplainedStage {
  readonly name: string
  readonly why: string
  /** False for what this operation does not have, such as a cache that nobody declared. */
  readonly isActive: boolean
  readonly numbers: readonly ExplainedNumber[]
}

/** Where in the policy the numbers of a stage stand. */
const places: Readonly<Record<string, readonly string[]>> = {
  fallback: ['fallback'],
  deadline: ['deadlineMs'],
  cache: ['cache'],
  attempts: ['attemptsMax', 'edge.budget', 'hedge'],
  breaker: ['breaker'],
  bulkhead: ['edge.bulkhead'],
  endpoint: ['edge.endpoints'],
  headers: ['edge.criticality'],
  transport: ['edge.transport'],
}

/** The stages of one operation over its edge, outermost first. */
export function explain(
  { policy: declared }: Pick<EdgeOperation, 'policy'>,
  { isForeign }: { readonly isForeign: boolean } = { isForeign: false },
): readonly ExplainedStage[] {
  const policy = isForeign ? overHttp(declared) : declared
  return outgoing.map(({ name, why }) => {
    const [first, ...more] = places[name] ?? []
    if (first === undefined) return { name, why, isActive: true, numbers: [] }
    const isActive = at(policy, first) !== undefined || name === 'headers'
    const numbers = [first, ...more].flatMap((path) => numbersAt(path, at(policy, path)))
    const from = (path: string): ExplainedNumber['from'] => policy.declared[path] ?? 'default'
    const explained = numbers.map((each) => ({ ...each, from: from(each.name) }))
    return { name, why, isActive, numbers: isActive ? explained : [] }
  })
}

/** What is asked of a foreign service goes over HTTP, whatever the edge says. */
function overHttp(policy: ResolvedPolicy): ResolvedPolicy {
  return { ...policy, edge: { ...policy.edge, transport: 'http' } }
}

type Found = Omit<ExplainedNumber, 'from'>

function numbersAt(path: string, value: unknown): readonly Found[] {
  if (typeof value === 'number' || typeof value === 'string') return [{ name: path, value }]
  if (path === 'fallback') return value === undefined ? [] : [{ name: path, value: true }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, inner]) => numbersAt(`${path}.${name}`, inner))
}

function at(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (inner, name) =>
        typeof inner === 'object' && inner !== null ? Reflect.get(inner, name) : undefined,
      value,
    )
}
