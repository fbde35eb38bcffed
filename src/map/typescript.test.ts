import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { typeText } from './typescript.ts'

const written = (schema: z.ZodType): string => typeText(z.toJSONSchema(schema))

test('fields are readonly, optional where they may be absent, and quoted where they must be', () => {
  const shape = z.object({ id: z.uuid(), 'a-b': z.int().optional() })

  assert.equal(written(shape), '{ readonly id: string; readonly "a-b"?: number }')
})

test('listed values, literals, absence and choices are unions', () => {
  assert.equal(written(z.enum(['a', 'b']).nullable()), '"a" | "b" | null')
  assert.equal(written(z.union([z.literal(7), z.boolean(), z.literal(7)])), '7 | boolean')
})

test('lists, tuples and records say what is in them', () => {
  assert.equal(written(z.array(z.enum(['a', 'b']))), 'readonly ("a" | "b")[]')
  assert.equal(written(z.tuple([z.string(), z.int()])), 'readonly [string, number]')
  assert.equal(written(z.record(z.string(), z.int())), 'Readonly<Record<string, number>>')
})

test('what has no end, and what is not known, is unknown', () => {
  const Tree = z.object({
    get children() {
      return z.array(Tree)
    },
  })

  assert.match(written(Tree), /^\{ readonly children: readonly \(\{ .*unknown.*\}\)\[\] \}$/)
  assert.equal(typeText({ allOf: [] }), 'unknown')
  assert.equal(typeText({ $ref: '#/nowhere' }), 'unknown')
})
