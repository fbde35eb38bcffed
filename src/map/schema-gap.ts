/**
 * Whether everything that one shape allows is accepted by another.
 *
 * Intuition: a change is harmless if the reader accepts all that the writer may write. So the question
 * is never "what differs?" but "which value is written and not accepted?", field by field.
 *
 * Invariants:
 *   S1. Shapes that are the same have no gap.
 *   S2. What cannot be compared is a gap: nothing is called compatible in doubt. But a field that the
 *       written shape does not name is taken to be absent, or no field could ever be added.
 *   S3. At most `GAPS_MAX` gaps are found, and no pair of shapes is compared twice.
 *
 * Source: JSON Schema 2020-12; containment is undecidable in general, so the keywords are listed.
 */
import { isObject, type JsonObject, sameJson } from './json-schema.ts'

/** One place at which a value may be written that is not accepted. */
export interface Gap {
  /** `lines[].quantity`; empty for the value as a whole. */
  readonly at: string
  readonly kind: 'missing' | 'unknown-field' | 'type' | 'value' | 'bound' | 'unclear'
  /** `string, not integer`, or `minimum 1`. */
  readonly detail: string
}

const GAPS_MAX = 50

/** The gaps between what is written and what is accepted; none if all is. */
export function schemaGaps(written: JsonObject, accepted: JsonObject): readonly Gap[] {
  if (sameJson(written, accepted)) return []
  const seen = new Set<string>()
  return gaps({ written, accepted, seen }, written, accepted, '').slice(0, GAPS_MAX)
}

interface Comparison {
  readonly written: JsonObject
  readonly accepted: JsonObject
  readonly seen: Set<string>
}

function gaps(
  whole: Comparison,
  fromWritten: unknown,
  fromAccepted: unknown,
  at: string,
): readonly Gap[] {
  const written = resolved(whole.written, fromWritten)
  const accepted = resolved(whole.accepted, fromAccepted)
  if (written === undefined || accepted === undefined) return [unclear(at, 'a reference')]
  const isRecursive = written !== fromWritten || accepted !== fromAccepted
  const pair = `${JSON.stringify(written)} ${JSON.stringify(accepted)}`
  if (isRecursive && whole.seen.has(pair)) return []
  if (isRecursive) whole.seen.add(pair)
  const variants = variantsOf(written)
  if (variants !== undefined) return variants.flatMap((each) => gaps(whole, each, accepted, at))
  const choices = variantsOf(accepted)
  if (choices !== undefined) return choiceGaps(whole, written, choices, at)
  const own = [...typeGaps(written, accepted, at), ...valueGaps(written, accepted, at)]
  if (own.length > 0) return own
  return [
    ...boundGaps(written, accepted, at),
    ...fieldGaps(whole, written, accepted, at),
    ...itemGaps(whole, written, accepted, at),
    ...unclearGaps(written, accepted, at),
  ]
}

/** The shape behind a `$ref` into its own document; at most so many in a row. */
function resolved(root: JsonObject, shape: unknown): JsonObject | undefined {
  let found = shape
  for (let hops = 0; hops < 16; hops += 1) {
    if (found === true || found === undefined) return {}
    if (!isObject(found)) return undefined
    const { $ref: reference } = found
    if (typeof reference !== 'string') return found
    if (!reference.startsWith('#')) return undefined
    found = reference
      .split('/')
      .slice(1)
      .reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), root)
    if (found === undefined) return undefined
  }
  return undefined
}

function variantsOf({ anyOf, oneOf }: JsonObject): readonly unknown[] | undefined {
  if (Array.isArray(anyOf)) return anyOf
  return Array.isArray(oneOf) ? oneOf : undefined
}

/** One accepting variant is enough; with several that do not, the nearest one says why. */
function choiceGaps(
  whole: Comparison,
  written: JsonObject,
  choices: readonly unknown[],
  at: string,
): readonly Gap[] {
  const tried = choices.map((each) => gaps(whole, written, each, at))
  const [nearest] = tried.toSorted((a, b) => distance(a) - distance(b))
  return nearest ?? [unclear(at, 'no variant')]
}

/** A variant of another type, or with another tag, is farther away than one with many small gaps. */
function distance(all: readonly Gap[]): number {
  const isFar = all.some(({ kind }) => kind === 'type' || kind === 'value')
  return all.length + (isFar ? GAPS_MAX : 0)
}

const TYPES = ['null', 'boolean', 'object', 'array', 'number', 'string', 'integer'] as const

function typeGaps(written: JsonObject, accepted: JsonObject, at: string): readonly Gap[] {
  if (accepted['type'] === undefined) return []
  const takes = listed(accepted['type'])
  const gives = typesOf(written)
  const lost = gives.filter(
    (each) => !takes.includes(each) && !(each === 'integer' && takes.includes('number')),
  )
  if (lost.length === 0) return []
  const found = gives.length === TYPES.length ? 'anything' : gives.join(' or ')
  return [{ at, kind: 'type', detail: `${found}, not ${takes.join(' or ')}` }]
}

function typesOf(shape: JsonObject): readonly unknown[] {
  if (shape['type'] !== undefined) return listed(shape['type'])
  const values = valuesOf(shape)
  if (values === undefined) return TYPES
  return [...new Set(values.map(typeOfValue))]
}

function typeOfValue(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function listed(type: unknown): readonly unknown[] {
  return Array.isArray(type) ? type : [type]
}

function valuesOf(shape: JsonObject): readonly unknown[] | undefined {
  if ('const' in shape) return [shape['const']]
  return Array.isArray(shape['enum']) ? shape['enum'] : undefined
}

function valueGaps(written: JsonObject, accepted: JsonObject, at: string): readonly Gap[] {
  const takes = valuesOf(accepted)
  if (takes === undefined) return []
  const gives = valuesOf(written)
  const known = takes.map((each) => JSON.stringify(each)).join(', ')
  if (gives === undefined) return [{ at, kind: 'value', detail: `other values than ${known}` }]
  const lost = gives.filter((each) => !takes.some((one) => sameJson(one, each)))
  return lost.map((each) => ({ at, kind: 'value', detail: JSON.stringify(each) }))
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties']
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties']
const EQUAL = ['pattern', 'format', 'multipleOf', 'uniqueItems', 'contentEncoding']

/** Values that are listed were compared one by one; bounds then say nothing more about old ones. */
function boundGaps(written: JsonObject, accepted: JsonObject, at: string): readonly Gap[] {
  const isOver = (keyword: string): boolean => {
    const [given, limit] = [written[keyword], accepted[keyword]]
    if (limit === undefined || sameJson(given, limit)) return false
    if (typeof given !== 'number' || typeof limit !== 'number') return true
    if (LOWER.includes(keyword)) return given < limit
    return UPPER.includes(keyword) ? given > limit : true
  }
  // A format says what its pattern says; zod writes both, and one word is enough for a person.
  const broken = [...LOWER, ...UPPER, ...EQUAL].filter(isOver)
  const named = broken.includes('format') ? broken.filter((each) => each !== 'pattern') : broken
  return named.map((keyword) => {
    const was = written[keyword] === undefined ? 'none' : JSON.stringify(written[keyword])
    return {
      at,
      kind: 'bound',
      detail: `${keyword} ${was}, not ${JSON.stringify(accepted[keyword])}`,
    }
  })
}

function fieldGaps(
  whole: Comparison,
  written: JsonObject,
  accepted: JsonObject,
  at: string,
): readonly Gap[] {
  const gives = isObject(written['properties']) ? written['properties'] : {}
  const takes = isObject(accepted['properties']) ? accepted['properties'] : {}
  const always = listed(written['required'] ?? [])
  const needed = listed(accepted['required'] ?? []).map(String)
  const rest = accepted['additionalProperties']
  const missing = needed.filter((each) => !always.includes(each))
  return [
    ...missing.map((each): Gap => ({ at: under(at, each), kind: 'missing', detail: '' })),
    ...Object.entries(gives).flatMap(([name, shape]): readonly Gap[] => {
      const place = under(at, name)
      if (name in takes) return gaps(whole, shape, takes[name], place)
      if (rest === false) return [{ at: place, kind: 'unknown-field', detail: '' }]
      return rest === undefined ? [] : gaps(whole, shape, rest, place)
    }),
    ...restGaps(whole, written, accepted, at),
  ]
}

/** Records: what stands under any name. */
function restGaps(
  whole: Comparison,
  written: JsonObject,
  accepted: JsonObject,
  at: string,
): readonly Gap[] {
  const [gives, takes] = [written['additionalProperties'], accepted['additionalProperties']]
  if (!isObject(gives) || takes === undefined) return []
  return gaps(whole, gives, takes, under(at, '*'))
}

function itemGaps(
  whole: Comparison,
  written: JsonObject,
  accepted: JsonObject,
  at: string,
): readonly Gap[] {
  if (accepted['items'] === undefined || written['items'] === undefined) return []
  return gaps(whole, written['items'], accepted['items'], `${at}[]`)
}

const UNCOMPARED = [
  'allOf',
  'not',
  'if',
  'then',
  'else',
  'prefixItems',
  'contains',
  'patternProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'unevaluatedProperties',
]

function unclearGaps(written: JsonObject, accepted: JsonObject, at: string): readonly Gap[] {
  return UNCOMPARED.filter((each) => !sameJson(written[each], accepted[each])).map((each) =>
    unclear(at, `\`${each}\``),
  )
}

function unclear(at: string, what: string): Gap {
  return { at, kind: 'unclear', detail: what }
}

function under(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`
}
