/**
 * The part of JSON Schema that our own schemas use, so that a test can hold a document against one.
 *
 * A keyword that is not known here is a fault: a schema cannot promise what nobody checks.
 *
 * Source: JSON Schema, draft 2020-12, "Validation".
 */

type Schema = Readonly<Record<string, unknown>>

const KNOWN = new Set(
  'type enum required properties additionalProperties items minimum maximum $ref title description $schema $defs'.split(
    ' ',
  ),
)

/** Where and why a value breaks a schema; empty if it does not. */
export function schemaFaults(root: Schema, value: unknown): readonly string[] {
  return faults(root, root, value, '$')
}

function faults(root: Schema, schema: Schema, value: unknown, place: string): readonly string[] {
  const unknown = Object.keys(schema).find((each) => !KNOWN.has(each))
  if (unknown !== undefined) return [`${place}: the keyword '${unknown}' is not checked`]
  const { $ref: reference } = schema
  if (typeof reference === 'string') return faults(root, resolved(root, reference), value, place)
  return [...typeFaults(schema, value, place), ...innerFaults(root, schema, value, place)]
}

function resolved(root: Schema, reference: string): Schema {
  return reference
    .split('/')
    .slice(1)
    .reduce((schema, key) => record(schema[key]), root)
}

function typeFaults(schema: Schema, value: unknown, place: string): readonly string[] {
  const { type, enum: values, minimum = -Infinity, maximum = Infinity } = schema
  const types = Array.isArray(type) ? type : [type]
  const found = typeOf(value)
  const fits =
    type === undefined || types.includes(found) || (found === 'integer' && types.includes('number'))
  if (!fits) return [`${place}: ${found}, not ${types.join(' or ')}`]
  if (Array.isArray(values) && !values.includes(value))
    return [`${place}: '${String(value)}' is not listed`]
  const isOut = typeof value === 'number' && (value < Number(minimum) || value > Number(maximum))
  return isOut ? [`${place}: ${value} is out of bounds`] : []
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

function innerFaults(
  root: Schema,
  schema: Schema,
  value: unknown,
  place: string,
): readonly string[] {
  if (Array.isArray(value)) {
    return value.flatMap((each, index) =>
      faults(root, record(schema['items']), each, `${place}[${index}]`),
    )
  }
  if (typeof value !== 'object' || value === null) return []
  const required = Array.isArray(schema['required']) ? schema['required'] : []
  const lost = required.filter((key) => !Object.hasOwn(value, String(key)))
  const properties = record(schema['properties'])
  const rest = schema['additionalProperties']
  return [
    ...lost.map((key) => `${place}: '${key}' is missing`),
    ...Object.entries(value).flatMap(([key, each]) => {
      const own = properties[key] ?? rest
      if (own === false || own === undefined) return [`${place}: '${key}' is not described`]
      return faults(root, record(own), each, `${place}.${key}`)
    }),
  ]
}

function record(value: unknown): Schema {
  // Schemas are objects; what is absent describes nothing.
  return (value ?? {}) as Schema
}
