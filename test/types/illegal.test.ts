/**
 * Illegal declarations do not compile, and the compiler says which rule was broken.
 *
 * Goal: `@ts-expect-error` accepts any error, also a typing error in the case itself. Here the
 * message must hold the words that the case announces.
 * Method: the directives are taken out of a copy of `illegal.ts`, and one run of `tsc` over it must
 * complain at each line that had one, in those words, and nowhere else.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { complaints } from '../support/compile.ts'

const directive = /^\s*\/\/ @ts-expect-error ([^:]+): (.+)$/
const source = readFileSync('test/types/illegal.ts', 'utf8').split('\n')
const cases = source.flatMap((line, index) => {
  const [, rule, words] = directive.exec(line) ?? []
  // Lines count from 1, and the offence stands below its directive.
  return rule === undefined || words === undefined ? [] : [{ line: index + 2, rule, words }]
})
const copy = source.map((line) => line.replace('@ts-expect-error', 'must fail:')).join('\n')
const found = complaints('types', {
  'illegal.ts': copy,
  'contracts.ts': readFileSync('test/types/contracts.ts', 'utf8'),
})

/** What the compiler says at a line, or an empty string. */
function saidAt(line: number): string {
  return found
    .filter((each) => each.file === 'illegal.ts' && each.line === line)
    .map((each) => each.message)
    .join('\n')
}

for (const { line, rule, words } of cases) {
  test(`${rule}, or it does not compile (line ${line})`, () => {
    assert.ok(saidAt(line).includes(words), `wanted '${words}' in: ${saidAt(line) || 'nothing'}`)
  })
}

test('nothing fails to compile but what was announced', () => {
  const announced = new Set(cases.map(({ line }) => line))

  const others = found.filter((each) => each.file !== 'illegal.ts' || !announced.has(each.line))

  assert.deepEqual(others, [])
})

test('the names of the three rules of an edge are in the messages', () => {
  const all = found.map(({ message }) => message).join('\n')

  for (const rule of ['RetryNeedsAKey', 'HedgeNeedsAQuery', 'CacheNeedsAQuery']) {
    assert.match(all, new RegExp(`\\b${rule}\\b`))
  }
})
