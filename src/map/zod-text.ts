/**
 * A JSON Schema as the text of a zod schema, for contracts that are written from the documents of others.
 *
 * Promise: what the text accepts, the shape accepts, in the words that it uses; what zod would not say,
 * or a shape that refers to itself, is `z.unknown()` and is told to whoever asked.
 *
 * Invariants:
 *   Z1. Nothing is guessed: each keyword is either written or named in `unsaid`.
 *   Z2. Fields that are not in the shape are left out of what is read, so that a provider may add some.
 */
import { isObject, type JsonObject } from './json-schema.ts'

/** The text of a schema, and what it does not say. */
export interface ZodText {
  readonly text: string
  /** `components.schemas.Parcel: not`; each is checked by nobody. */
  readonly unsaid: readonly string[]
}

/** Deeper shapes are not checked. */
const DEPTH_MAX = 12

/** What says nothing about which values are right. */
const SILENT: ReadonlySet<string> = new Set(
  (
    '$comment $id $schema default deprecated description discriminator example examples ' +
    'externalDocs readOnly title writeOnly xml'
  ).split(' '),
)

/** The text of `shape`, which may refer to other places of `document`. */
export function zodText(document: JsonObject, shape: unknown, place: string): ZodText {
  const writer = new Writer(document)
  const text = writer.write(shape, place, [])
  return { text, unsaid: writer.unsaid }
}

/** The shape that a reference leads to, or the shape itself. */
export function resolved(document: JsonObject, shape: unknown): unknown {
  const reference = isObject(shape) ? shape['$ref'] : undefined
  if (typeof reference !== 'string') return shape
  if (!reference.startsWith('#/')) return undefined
  const found = reference
    .slice(2)
    .split('/')
    .map((part) => decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), document)
  // A chain of references is not followed: documents that have one are rare, and may have a circle.
  return isObject(found) && '$ref' in found ? undefined : found
}

class Writer {
  readonly unsaid: string[] = []
  readonly #document: JsonObject

  constructor(document: JsonObject) {
    this.#document = document
  }

  /** `through`: the references that led here; one that comes again is a circle. */
  write(shape: unknown, place: string, through: readonly string[]): string {
    const reference = isObject(shape) ? shape['$ref'] : undefined
    const target = resolved(this.#document, shape)
    if (typeof reference === 'string') {
      if (through.includes(reference)) return this.#unknown(`${place}: ${reference}, again`)
      if (target === undefined) return this.#unknown(`${place}: ${reference}`)
      return this.write(target, place, [...through, reference])
    }
    if (shape === true) return 'z.unknown()'
    if (!isObject(shape)) return this.#unknown(`${place}: no schema`)
    if (through.length > DEPTH_MAX) return this.#unknown(`${place}: too deep`)
    return this.#one(shape, place, through)
  }

  #one(shape: JsonObject, place: string, through: readonly string[]): string {
    const { anyOf, oneOf, allOf, type, enum: values } = shape
    if ('const' in shape)
      return this.#rest(shape, place, ['const', 'type'], literal(shape['const']))
    if (Array.isArray(values)) {
      const isWords = values.every((each) => typeof each === 'string')
      const text = isWords
        ? `z.enum([${values.map(quoted).join(', ')}])`
        : union(values.map(literal))
      return this.#rest(shape, place, ['enum', 'type'], text)
    }
    if (Array.isArray(type)) {
      const each = type.map((one) => this.#one({ ...shape, type: one }, place, through))
      return union(each)
    }
    const several = anyOf ?? oneOf
    if (Array.isArray(several)) {
      const text = union(several.map((each) => this.write(each, place, [...through, place])))
      return this.#rest(shape, place, ['anyOf', 'oneOf'], text)
    }
    if (Array.isArray(allOf)) {
      const all = allOf.map((each) => this.write(each, place, [...through, place]))
      const text = all.reduce((left, right) => `z.intersection(${left}, ${right})`)
      return this.#rest(shape, place, ['allOf'], text)
    }
    return this.#typed(shape, place, through)
  }

  #typed(shape: JsonObject, place: string, through: readonly string[]): string {
    switch (shape['type']) {
      case 'null':
        return 'z.null()'
      case 'boolean':
        return this.#rest(shape, place, ['type'], 'z.boolean()')
      case 'string':
        return this.#string(shape, place)
      case 'integer':
      case 'number':
        return this.#number(shape, place)
      case 'array':
        return this.#array(shape, place, through)
      case 'object':
        return this.#object(shape, place, through)
      default:
        return 'type' in shape || Object.keys(shape).some((key) => !isSilent(key))
          ? this.#unknown(`${place}: a schema without a type`)
          : 'z.unknown()'
    }
  }

  #string(shape: JsonObject, place: string): string {
    const { format, pattern } = shape
    const start = typeof format === 'string' ? (formats[format] ?? 'z.string()') : 'z.string()'
    const isRegex = typeof pattern === 'string' && isPattern(pattern)
    const text = [
      start,
      limit('min', shape['minLength']),
      limit('max', shape['maxLength']),
      isRegex ? `.regex(${String(new RegExp(pattern, 'u'))})` : '',
    ].join('')
    const isFormatSaid = typeof format === 'string' && format in formats
    const said = ['type', 'minLength', 'maxLength']
    const more = [...(isRegex ? ['pattern'] : []), ...(isFormatSaid ? ['format'] : [])]
    return this.#rest(shape, place, [...said, ...more], text)
  }

  #number(shape: JsonObject, place: string): string {
    const text = [
      shape['type'] === 'integer' ? 'z.int()' : 'z.number()',
      limit('min', shape['minimum']),
      limit('max', shape['maximum']),
      limit('gt', shape['exclusiveMinimum']),
      limit('lt', shape['exclusiveMaximum']),
      limit('multipleOf', shape['multipleOf']),
    ].join('')
    const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf']
    // Formats of numbers name a width, and JSON has one width of numbers.
    return this.#rest(shape, place, ['type', 'format', ...bounds], text)
  }

  #array(shape: JsonObject, place: string, through: readonly string[]): string {
    const items = this.write(shape['items'] ?? true, `${place}[]`, through)
    const text = `z.array(${items})${limit('min', shape['minItems'])}${limit('max', shape['maxItems'])}`
    return this.#rest(shape, place, ['type', 'items', 'minItems', 'maxItems'], text)
  }

  #object(shape: JsonObject, place: string, through: readonly string[]): string {
    const { properties, additionalProperties: others } = shape
    const said = ['type', 'properties', 'required', 'additionalProperties']
    if (!isObject(properties) && (isObject(others) || others === true)) {
      const values = this.write(others, `${place}.*`, through)
      return this.#rest(shape, place, said, `z.record(z.string(), ${values})`)
    }
    const fields = new Map<string, string>()
    const required = requiredIn(shape)
    for (const [name, each] of Object.entries(isObject(properties) ? properties : {})) {
      const text = this.write(each, `${place}.${name}`, through)
      fields.set(name, field(name, text, required.includes(name)))
    }
    // To zod a field of which nothing is known may as well be absent.
    for (const name of required)
      if (fields.get(name)?.endsWith(' z.unknown()') !== false)
        this.unsaid.push(`${place}.${name}: required`)
    return this.#rest(shape, place, said, objectText([...fields.values()]))
  }

  /** Notes what the shape says beyond `said`. */
  #rest(shape: JsonObject, place: string, said: readonly string[], text: string): string {
    for (const key of Object.keys(shape))
      if (!said.includes(key) && !isSilent(key)) this.unsaid.push(`${place}: ${key}`)
    return text
  }

  #unknown(why: string): string {
    this.unsaid.push(why)
    return 'z.unknown()'
  }
}

/** The names of the fields that a shape asks for. */
export function requiredIn({ required }: JsonObject): readonly string[] {
  return Array.isArray(required) ? required.map(String) : []
}

/** One field of an object, as text. */
export function field(name: string, text: string, isRequired: boolean): string {
  const key = /^[A-Za-z_]\w*$/.test(name) && name !== '__proto__' ? name : `[${quoted(name)}]`
  return `${key}: ${isRequired ? text : `${text}.optional()`}`
}

/** An object of these fields, as text. */
export function objectText(fields: readonly string[]): string {
  return fields.length === 0 ? 'z.object({})' : `z.object({ ${fields.join(', ')} })`
}

function isSilent(key: string): boolean {
  return SILENT.has(key) || key.startsWith('x-')
}

const formats: Readonly<Record<string, string>> = {
  'date-time': 'z.iso.datetime({ offset: true })',
  date: 'z.iso.date()',
  email: 'z.email()',
  uri: 'z.url()',
  uuid: 'z.uuid()',
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') instanceof RegExp
  } catch {
    // A pattern of another dialect is named among what is not said.
    return false
  }
}

function limit(name: string, value: unknown): string {
  return typeof value === 'number' ? `.${name}(${value})` : ''
}

function literal(value: unknown): string {
  if (typeof value === 'string') return `z.literal(${quoted(value)})`
  const isScalar = value === null || typeof value === 'number' || typeof value === 'boolean'
  return isScalar ? `z.literal(${String(value)})` : 'z.never()'
}

/** A text as a literal of the code: nothing in it can end the literal. */
export function quoted(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
  return `'${inner.replaceAll("'", String.raw`\'`)}'`
}

function union(texts: readonly string[]): string {
  const all = [...new Set(texts)]
  return all.length === 1 ? (all[0] ?? '') : `z.union([${all.join(', ')}])`
}
