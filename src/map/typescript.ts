/**
 * A shape as a TypeScript type: what a program may hold after JSON was read, or write before.
 *
 * What a type cannot say (bounds, patterns, formats) is left to the service, which checks it. A shape
 * that no library could write is `unknown`.
 */
import { isObject, type JsonObject } from './json-schema.ts'

/** Deeper shapes are `unknown`: a recursive one has no end, and a type literal cannot name itself. */
const DEPTH_MAX = 12

/** The type of a shape, on one line. */
export function typeText(shape: JsonObject): string {
  return written(shape, shape, 0)
}

function written(root: JsonObject, shape: unknown, depth: number): string {
  if (!isObject(shape) || depth > DEPTH_MAX) return 'unknown'
  const { $ref: reference, anyOf, oneOf, type, enum: values } = shape
  if (typeof reference === 'string') return written(root, referred(root, reference), depth + 1)
  if ('const' in shape) return JSON.stringify(shape['const'])
  if (Array.isArray(values)) return values.map((each) => JSON.stringify(each)).join(' | ')
  const variants = anyOf ?? oneOf ?? (Array.isArray(type) ? type.map(typed(shape)) : undefined)
  if (Array.isArray(variants)) {
    const all = new Set(variants.map((each) => written(root, each, depth + 1)))
    return [...all].join(' | ')
  }
  return ofType(root, shape, depth)
}

function typed(shape: JsonObject): (type: unknown) => JsonObject {
  return (type) => ({ ...shape, type })
}

function referred(root: JsonObject, reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (isObject(inner) ? inner[key] : undefined), root)
}

function ofType(root: JsonObject, shape: JsonObject, depth: number): string {
  switch (shape['type']) {
    case 'string':
    case 'boolean':
    case 'null':
      return shape['type']
    case 'integer':
    case 'number':
      return 'number'
    case 'array':
      return listText(root, shape, depth)
    case 'object':
      return recordText(root, shape, depth)
    default:
      return 'unknown'
  }
}

function listText(root: JsonObject, { items, prefixItems }: JsonObject, depth: number): string {
  if (Array.isArray(prefixItems)) {
    const places = prefixItems.map((each) => written(root, each, depth + 1))
    return `readonly [${places.join(', ')}]`
  }
  return `readonly (${written(root, items, depth + 1)})[]`
}

function recordText(root: JsonObject, shape: JsonObject, depth: number): string {
  const { properties, required, additionalProperties: rest } = shape
  const needed = Array.isArray(required) ? required : []
  const fields = Object.entries(isObject(properties) ? properties : {}).map(([name, each]) => {
    const optional = needed.includes(name) ? '' : '?'
    return `readonly ${nameText(name)}${optional}: ${written(root, each, depth + 1)}`
  })
  if (fields.length > 0) return `{ ${fields.join('; ')} }`
  if (!isObject(rest)) return 'Readonly<Record<string, unknown>>'
  return `Readonly<Record<string, ${written(root, rest, depth + 1)}>>`
}

function nameText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name)
}
