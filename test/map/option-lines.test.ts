/**
 * The documentation of each edge option shows the line that the map draws for it.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { optionPages, withLines } from '../../tools/option-lines.ts'

test('under each example of an edge option stands the line of the map', () => {
  for (const [path, text] of Object.entries(optionPages()))
    assert.equal(readFileSync(path, 'utf8'), text, `${path} is old; npm run docs:map draws it anew`)
})

test('every option that can be declared has an example, and no two have the same line', () => {
  const source = readFileSync('src/model/edge.ts', 'utf8')
  const declarable = [...source.matchAll(/_OPTIONS: readonly string\[\] = \[([^\]]*)\]/g)]
    .flatMap(([, names = '']) => [...names.matchAll(/'(\w+)'/g)].map(([, name = '']) => name))
    .filter((name) => name !== 'ops')

  const shown = [...source.matchAll(/@example\n[^\n]*edge\(payments[\s\S]*?\*\/\s+readonly (\w+)/g)]
  const lines = [...source.matchAll(/edge\(payments, .*\)\n((?: *\* \/\/ .*\n)+)/g)].map(
    ([, line = '']) => line.replaceAll(/[\s*/]+/g, ' '),
  )

  assert.deepEqual(new Set(shown.map(([, name]) => name)), new Set(declarable))
  assert.equal(new Set(lines).size, lines.length)
  assert.ok(lines.length >= declarable.length)
})

test('a line that is old is drawn anew, and a declaration that is none is refused', () => {
  const old = " * edge(payments, { deadline: '2s' })\n * // what somebody wrote\n */"

  assert.match(withLines(old), /\* \/\/ orders ==authorize==> payments 2 s over 3 attempts/)
  assert.doesNotMatch(withLines(old), /somebody/)
  assert.throws(() => withLines(' * edge(payments, {})\n'), /has no deadline/)
})
