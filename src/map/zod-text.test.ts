/**
 * Goal: the text of a schema means what the schema means. Method: shapes made up by chance, each judged
 * over values made up by chance, by the written schema and by a validator of JSON Schema.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import { z } from 'zod'
import type { JsonObject } from './json-schema.ts'
import { zodText } from './zod-text.ts'

/** The schema that a text is. */
function evaluated(text: string): z.ZodType {
  // oxlint-disable-next-line typescript/no-implied-eval -- the text is code, and its meaning is the subject.
  return new Function('z', `return ${text}`)(z)
}

const bounds = fc.record(
  { minimum: fc.integer({ min: -3, max: 3 }), maximum: fc.integer({ min: -3, max: 3 }) },
  { requiredKeys: [] },
)
const lengths = fc.record(
  { minLength: fc.nat(3), maxLength: fc.nat(3), pattern: fc.constantFrom('^a', "'", '/b?', '\\d') },
  { requiredKeys: [] },
)
const name = fc.constantFrom('a', 'b', "c'd", 'e-f')

const { shape } = fc.letrec<{ shape: JsonObject }>((tie) => ({
  shape: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<JsonObject>({ type: 'null' }, { type: 'boolean' }, { $ref: '#/parts/word' }),
    bounds.map((more) => ({ type: 'integer', ...more })),
    bounds.map((more) => ({ type: 'number', ...more })),
    lengths.map((more) => ({ type: 'string', ...more })),
    fc.constantFrom<JsonObject>({ enum: ['a', "b'"] }, { enum: [1, null, 'a'] }, { const: 'a\\' }),
    lengths.map((more) => ({ type: ['string', 'null'], ...more })),
    fc.array(tie('shape'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc
      .record({ items: tie('shape'), minItems: fc.nat(2) })
      .map((each) => ({ type: 'array', ...each })),
    tie('shape').map((additionalProperties) => ({ type: 'object', additionalProperties })),
    fc
      .record({
        properties: fc.dictionary(name, tie('shape'), { maxKeys: 3 }),
        required: fc.uniqueArray(name, { maxLength: 2 }),
      })
      .map((each) => ({ type: 'object', ...each })),
  ),
}))

const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom(null, true, 'a', 'ab', "'", 'a\\', '1', '/b', '', "b'", 'word'),
    fc.integer({ min: -4, max: 4 }),
    fc.constantFrom(0.5, 1.5),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
}))

// Its own check of the shapes takes longer than the rest of the test.
const validator = new Ajv2020({ strict: false, validateSchema: false, addUsedSchema: false })

test('Z1: what is written accepts what the shape accepts, unless it says what it left out', () => {
  const seen = { judged: 0, right: 0 }
  fc.assert(
    fc.property(shape, fc.array(value, { minLength: 20, maxLength: 20 }), (each, values) => {
      const document = { parts: { word: { enum: ['word', 'a'] } } }
      const { text, unsaid } = zodText(document, each, 'it')
      const written = evaluated(text)
      const judge = validator.compile({ ...document, ...each })
      for (const one of values) {
        const isRight = judge(one)
        const isAccepted = written.safeParse(one).success
        seen.judged += 1
        seen.right += isRight ? 1 : 0
        if (isRight) assert.ok(isAccepted, `${text} refuses ${JSON.stringify(one)}`)
        else if (unsaid.length === 0)
          assert.ok(!isAccepted, `${text} accepts ${JSON.stringify(one)}`)
      }
    }),
    { numRuns: 200 },
  )
  assert.ok(seen.right > seen.judged / 50, `${seen.right} of ${seen.judged} were right`)
})

test('Z1: what zod would not say is named, with its place', () => {
  const document = {
    parts: { tree: { type: 'object', properties: { in: { $ref: '#/parts/tree' } } } },
  }
  const cases: readonly [JsonObject, RegExp][] = [
    [{ $ref: '#/parts/tree' }, /^it\.in: #\/parts\/tree, again$/],
    [{ $ref: '#/nowhere' }, /^it: #\/nowhere$/],
    [{ $ref: 'https://elsewhere/' }, /^it: https:\/\/elsewhere\/$/],
    [{ type: 'string', format: 'hostname' }, /^it: format$/],
    [{ type: 'string', pattern: '(' }, /^it: pattern$/],
    [{ type: 'array', items: {}, uniqueItems: true }, /^it: uniqueItems$/],
    [{ type: 'object', required: ['a'] }, /^it\.a: required$/],
    [{ not: { type: 'string' } }, /^it: a schema without a type$/],
  ]
  for (const [each, told] of cases) {
    const { unsaid } = zodText(document, each, 'it')
    assert.equal(unsaid.length, 1, JSON.stringify(each))
    assert.match(unsaid[0] ?? '', told)
  }
})

test('no text of a document can leave its literal', () => {
  const evil = ["'", '\\', "\\'", '${1}', '`', '\n', '\u2028', '*/', '//', '"', '</script>']
  for (const each of evil) {
    const shapes: readonly JsonObject[] = [
      { const: each },
      { enum: [each, 'other'] },
      { type: 'object', properties: { [each]: { type: 'string' } }, required: [each] },
    ]
    const [constant, list, object] = shapes.map((one) => evaluated(zodText({}, one, 'it').text))
    assert.ok(constant?.safeParse(each).success)
    assert.ok(list?.safeParse(each).success)
    assert.deepEqual(object?.parse({ [each]: 'a' }), { [each]: 'a' })
  }
})
