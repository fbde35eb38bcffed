/**
 * A short selection of the planted bugs; `npm run planted` hunts all of them.
 *
 * Goal: the simulation finds what is wrong, with few faults, and says where. Method: each bug is hunted by
 * a process of its own, which loads the framework or the example with a few words exchanged.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bugs } from './bugs.ts'
import { hunted, isShown } from './main.ts'
import { exchanged, sourceOf } from './plant.ts'

test('P1: the words that every bug exchanges stand in its file, once', () => {
  for (const { changes } of bugs) {
    for (const change of changes) {
      const right = sourceOf(change)
      assert.notEqual(exchanged(right, change), right)
    }
  }
})

test('no two bugs have one name, and there are at least twenty-four', () => {
  assert.equal(new Set(bugs.map(({ name }) => name)).size, bugs.length)
  assert.ok(bugs.length >= 24, String(bugs.length))
})

test('words that do not occur, or occur twice, are refused', () => {
  const change = { file: 'x.ts', right: 'a', wrong: 'b' }

  assert.equal(exchanged('an', change), 'bn')
  assert.throws(() => exchanged('none', { ...change, right: 'y' }), /does not hold exactly once/)
  assert.throws(() => exchanged('banana', change), /does not hold exactly once/)
})

for (const name of ['order-by-wall-clock', 'consumer-without-inbox', 'dual-write']) {
  test(`'${name}' is found, shrunk and explained`, async () => {
    const found = await hunted(name)

    assert.ok(isShown(found), JSON.stringify(found))
    assert.equal(found.story.length, 3)
  })
}
