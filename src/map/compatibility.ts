/**
 * What a change of contracts breaks, and whom: callers and subscribers that run the old contract
 * against providers that run the new one, as they do in the middle of every deployment.
 *
 * Promise: a change is called harmless only if everything that an old caller may send is accepted, and
 * everything that a new provider may answer is understood.
 *
 * Invariants:
 *   K1. Inputs may only widen; answers, refusals and events may only narrow.
 *   K2. A refusal is part of the answer: one more is one that no old caller knows.
 *   K3. A shape that cannot be compared is reported as `unclear`, never passed over.
 *
 * An edge does not say which operations its owner calls, so it counts as a use of all of them.
 * Foreign contracts are not compared: what they say is what we expect of others.
 */
import type { Contract, Operation, Schema, System } from '#model'
import { jsonSchemaOf, type Side } from './json-schema.ts'
import { type Gap, schemaGaps } from './schema-gap.ts'

/** What was changed. `unclear` may be harmless; nobody can tell. */
export type BreakKind =
  | 'contract-removed'
  | 'operation-removed'
  | 'kind-changed'
  | 'input-narrowed'
  | 'output-widened'
  | 'refusal-added'
  | 'refusal-widened'
  | 'payload-widened'
  | 'key-changed'
  | 'route-changed'
  | 'unclear'

/** One change that somebody may notice. */
export interface Break {
  readonly kind: BreakKind
  /** `orders.place`. */
  readonly at: string
  readonly says: string
  /** Services that rely on it, and `the public` for a route; empty if nobody in the system does. */
  readonly breaks: readonly string[]
}

/** A break before it is known whom it hits. */
type Change = Omit<Break, 'breaks' | 'at'> & { readonly isPublicOnly?: true }

/** The breaks between two versions of a system, contract by contract. */
export function breaksBetween(before: System, after: System): readonly Break[] {
  const now = new Map(after.services.map(({ name, contract }) => [name, contract]))
  return before.services.flatMap(({ name, contract }) => {
    const promised = operationsOf(now.get(name))
    return Object.values(operationsOf(contract)).flatMap((old) => {
      const changes = now.has(name) ? changesOf(old, promised[old.name]) : [gone]
      return changes.map(({ isPublicOnly, kind, says }): Break => {
        const at = `${name}.${old.name}`
        return { kind, at, says, breaks: isPublicOnly ? [PUBLIC] : usersOf(before, old) }
      })
    })
  })
}

const PUBLIC = 'the public'
const gone: Change = { kind: 'contract-removed', says: 'its service is not in the system any more' }

function operationsOf(contract: Contract | undefined): Readonly<Record<string, Operation>> {
  return contract?.['~contract'].operations ?? {}
}

/** Who relied on an operation: owners of an edge or of a subscription, and the public of a route. */
function usersOf({ services }: System, operation: Operation): readonly string[] {
  const { contract, name } = operation
  if (operation.kind === 'event') {
    return services
      .filter(({ subscriptions }) =>
        subscriptions.some(({ event }) => event.contract === contract && event.name === name),
      )
      .map((each) => each.name)
  }
  const callers = services.filter(({ uses }) =>
    uses.some((edge) => edge['~edge'].target === contract),
  )
  return [...callers.map((each) => each.name), ...(operation.http === undefined ? [] : [PUBLIC])]
}

function changesOf(old: Operation, now: Operation | undefined): readonly Change[] {
  if (now === undefined)
    return [{ kind: 'operation-removed', says: `the ${old.kind} is not promised any more` }]
  if (old.kind === 'event' && now.kind === 'event')
    return [...payloadChanges(old, now), ...keyChanges(old, now)]
  if (old.kind === 'event' || now.kind === 'event' || old.kind !== now.kind)
    return [{ kind: 'kind-changed', says: `it was a ${old.kind} and is a ${now.kind}` }]
  return [
    ...inputChanges(old.input, now.input),
    ...outputChanges(old.output, now.output),
    ...refusalChanges(old, now),
    ...(old.kind === 'command' && now.kind === 'command' ? keyChanges(old, now) : []),
    ...routeChanges(old, now),
  ]
}

type Asked = Extract<Operation, { readonly kind: 'command' | 'query' }>
type Told = Extract<Operation, { readonly kind: 'event' }>
type Keyed = Extract<Operation, { readonly kind: 'command' | 'event' }>

function inputChanges(old: Schema, now: Schema): readonly Change[] {
  return shapeChanges([old, 'input'], [now, 'input'], 'input-narrowed', (gap) => {
    const field = gap.at === '' ? 'the input' : `the input field \`${gap.at}\``
    if (gap.kind === 'missing') return `${field} is required now`
    if (gap.kind === 'unknown-field') return `${field} is not accepted any more`
    return `${field} is not accepted as before: ${gap.detail}`
  })
}

function outputChanges(old: Schema, now: Schema): readonly Change[] {
  return answerChanges([old, now], 'output-widened', 'the answer')
}

function payloadChanges(old: Told, now: Told): readonly Change[] {
  return answerChanges([old.payload, now.payload], 'payload-widened', 'the event')
}

/** What the new provider writes is read by the old reader's schema, defaults and all. */
function answerChanges(
  [old, now]: readonly [Schema, Schema],
  kind: BreakKind,
  what: string,
): readonly Change[] {
  return shapeChanges([now, 'output'], [old, 'input'], kind, (gap) => {
    const field = gap.at === '' ? what : `\`${gap.at}\` of ${what}`
    if (gap.kind === 'missing') return `${field} is not always there any more`
    return `${field} may be what nobody expects: ${gap.detail}`
  })
}

function refusalChanges(old: Asked, now: Asked): readonly Change[] {
  return Object.entries(now.refuses).flatMap(([code, shape]): readonly Change[] => {
    const known = Object.hasOwn(old.refuses, code) ? old.refuses[code] : undefined
    if (known === undefined)
      return [{ kind: 'refusal-added', says: `the refusal \`${code}\` is new` }]
    return answerChanges([known, shape], 'refusal-widened', `the refusal \`${code}\``)
  })
}

type Sided = readonly [schema: Schema, side: Side]

function shapeChanges(
  written: Sided,
  accepted: Sided,
  kind: BreakKind,
  say: (gap: Gap) => string,
): readonly Change[] {
  const [from, to] = [jsonSchemaOf(...written), jsonSchemaOf(...accepted)]
  if (from === undefined || to === undefined) {
    const which = from === undefined ? written : accepted
    const { vendor } = which[0]['~standard']
    const says = `a shape of ${kind.split('-', 1)[0]} has no JSON Schema (${vendor}), so it was not compared`
    return [{ kind: 'unclear', says }]
  }
  return schemaGaps(from, to).map((gap) =>
    gap.kind === 'unclear'
      ? { kind: 'unclear', says: `${gap.detail} of ${gap.at || 'the shape'} cannot be compared` }
      : { kind, says: say(gap) },
  )
}

/** Two keys are one intent or two; a caller that repeats across the change may act twice. */
function keyChanges({ key: old }: Keyed, { key: now }: Keyed): readonly Change[] {
  const [was, is] = [ruleText(old), ruleText(now)]
  return was === is ? [] : [{ kind: 'key-changed', says: `the key was ${was} and is ${is}` }]
}

function ruleText(rule: Keyed['key']): string {
  if (rule === undefined) return 'none'
  if (rule === 'from-caller') return "the caller's"
  return `\`${rule.toString().replaceAll(/\s+/g, ' ').slice(0, 200)}\``
}

function routeChanges({ http: old }: Asked, { http: now }: Asked): readonly Change[] {
  if (old === undefined) return []
  const status = (each: typeof now): number => each?.status ?? 200
  const was = `\`${old.route}\` with ${status(old)}`
  const is = now === undefined ? 'none' : `\`${now.route}\` with ${status(now)}`
  if (was === is) return []
  return [{ kind: 'route-changed', says: `the route was ${was} and is ${is}`, isPublicOnly: true }]
}
