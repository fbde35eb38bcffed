/**
 * The shape of a schema as JSON Schema, where its library can say it.
 *
 * Promise: nothing is guessed. A library that does not speak Standard JSON Schema, or a schema that has
 * no JSON form (a date, a transformation), gives `undefined`, and whoever asked says so.
 *
 * @see https://standardschema.dev/json-schema
 */
import type { Schema } from '#model'

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>

/** What a schema accepts, or what it gives. They differ by defaults and transformations. */
export type Side = 'input' | 'output'

/** The dialect in which shapes are written. */
export const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** The drafts in which a library may be asked to write. */
export type Draft = 'draft-2020-12' | 'draft-07'

/** The JSON Schema (without `$schema`) of one side of a schema, if there is one. */
export function jsonSchemaOf(
  schema: Schema,
  side: Side,
  draft: Draft = 'draft-2020-12',
): JsonObject | undefined {
  const standard = schema['~standard']
  if (standard.vendor === 'holdfast') return { type: 'null' }
  const write = 'jsonSchema' in standard ? writerOf(standard.jsonSchema, side) : undefined
  if (write === undefined) return undefined
  try {
    const written = write({ target: draft })
    if (!isObject(written)) return undefined
    const { $schema: _dialect, ...shape } = written
    return shape
  } catch {
    // The library throws for what JSON has no word for; the specification of the interface says so.
    return undefined
  }
}

/**
 * The same for a place inside a larger document: references of the shape to itself need an `$id` of
 * their own there, and a shape that is not known accepts anything and says why.
 */
export function embeddedShape(
  schema: Schema,
  side: Side,
  { name, draft = 'draft-2020-12' }: { readonly name: string; readonly draft?: Draft },
): JsonObject {
  const shape = jsonSchemaOf(schema, side, draft)
  const { vendor } = schema['~standard']
  if (shape === undefined) return { description: `${vendor} writes no JSON Schema for it` }
  const refersToItself = JSON.stringify(shape).includes('"$ref":"#')
  return refersToItself ? { $id: `urn:holdfast:shape:${name}`, ...shape } : shape
}

function writerOf(
  writers: unknown,
  side: Side,
): ((options: { readonly target: string }) => unknown) | undefined {
  const write = isObject(writers) ? writers[side] : undefined
  // Only a call can show what it returns; that is looked at.
  return typeof write === 'function'
    ? (write as (options: { readonly target: string }) => unknown)
    : undefined
}

/** True for a JSON object, false for an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True if two JSON values are the same, whatever the order of their fields. */
export function sameJson(one: unknown, other: unknown): boolean {
  return ordered(one) === ordered(other)
}

function ordered(value: unknown): string {
  return (
    JSON.stringify(value, (_key, each: unknown) =>
      isObject(each)
        ? Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)))
        : each,
    ) ?? ''
  )
}
