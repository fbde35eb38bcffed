import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { proofsIn, testsIn } from './prove.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('names of tests are read whatever their quotes, and nothing else is', () => {
  const source = [
    "test('it is so', () => {",
    'test(`it is ${so}`, async () => {',
    '  test(',
    '    "it isn\'t",',
    "  const test = latest('not a test', 1)",
  ]

  assert.deepEqual(testsIn(source.join('\n')), ['it is so', 'it is ${so}', "it isn't"])
})

test('each failure is listed once, and is built if and only if it has tests', () => {
  const proofs = proofsIn(root)

  assert.ok(proofs.length > 50)
  assert.equal(new Set(proofs.map(({ id }) => id)).size, proofs.length)
  for (const { name, built, file } of proofs) {
    assert.equal(built, existsSync(`${root}test/failures/${name}.test.ts`), name)
    assert.equal(file !== undefined, built, name)
  }
})

test('the tests of a failure name its id, and are at least two: with the protection and without', () => {
  const shown = proofsIn(root).filter(({ built }) => built)

  assert.ok(shown.length > 0)
  for (const { id, file = '', tests } of shown) {
    assert.match(readFileSync(root + file, 'utf8'), new RegExp(`^/\\*\\*\\n \\* ${id}: `), file)
    assert.ok(tests.length >= 2, `${file} has ${tests.length} tests`)
  }
})

test('where the repository is not, it is said where the tests are', () => {
  assert.throws(() => proofsIn('/nowhere'), /not part of the package/)
})
