import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { components } from './components.ts'

const graphs = fc.integer({ min: 1, max: 12 }).chain((count) =>
  fc.array(fc.array(fc.integer({ min: 0, max: count - 1 }), { maxLength: 4 }), {
    minLength: count,
    maxLength: count,
  }),
)

function reach(targets: readonly (readonly number[])[], from: number): Set<number> {
  const seen = new Set([from])
  for (const each of seen) for (const next of targets[each] ?? []) seen.add(next)
  return seen
}

test('K1: two nodes share a component exactly if they reach each other', () => {
  fc.assert(
    fc.property(graphs, (targets) => {
      const found = components(targets)

      assert.deepEqual(
        found.flat().toSorted((a, b) => a - b),
        [...targets.keys()],
      )
      for (const a of targets.keys()) {
        for (const b of targets.keys()) {
          const together = found.some((each) => each.includes(a) && each.includes(b))
          assert.equal(together, reach(targets, a).has(b) && reach(targets, b).has(a))
        }
      }
    }),
  )
})

test('K2: a component comes before all that reach it', () => {
  fc.assert(
    fc.property(graphs, (targets) => {
      const found = components(targets)
      const rank = new Map(found.flatMap((each, index) => each.map((node) => [node, index])))

      for (const [node, next] of targets.entries())
        for (const each of next) assert.ok((rank.get(each) ?? 0) <= (rank.get(node) ?? 0))
    }),
  )
})

test('a chain of 100,000 nodes does not exhaust the stack', () => {
  const count = 100_000
  const targets = Array.from({ length: count }, (_, node) => (node + 1 < count ? [node + 1] : []))

  assert.equal(components(targets).length, count)
})
