/**
 * The numbers are worked out by hand: 3 · 3 · 3 for three layers of three attempts, and for the
 * example of a web that calls orders (3 attempts), which asks inventory twice (3 each), which asks
 * pricing (3): 3 · 2 · 3 · 3 = 54 requests, 2 · 1.1³ = 2.662 with a budget of 10 %, 2 · 3 = 6 with a
 * stamp.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { chain, planned } from '../../test/support/map-systems.ts'
import { heaviestWay, type Load, loadsFrom } from './amplification.ts'
import { at } from './at.ts'
import { type Calling, callingOf } from './calling.ts'
import { type Causes, type Graph, graphOf } from './graph.ts'
import type { ArrowPolicy } from './policy.ts'
import { mapOf } from './system-map.ts'

function withPolicy(graph: Graph, change: Partial<ArrowPolicy>): Calling {
  const handlers = graph.handlers.map((handler) => ({
    ...handler,
    calls: handler.calls.map(({ arrow, times }) => ({
      times,
      arrow: { ...arrow, policy: { ...arrow.policy, ...change } },
    })),
  }))
  return callingOf({ ...graph, handlers })
}

function load(calling: Calling, from: string, to: string): Load | undefined {
  const place = (name: string): number =>
    calling.handlers.findIndex((each) => each.name === `${name}.ask`)
  return loadsFrom(calling, place(from)).get(place(to))
}

const example = planned(chain(['web', 'orders', 'inventory', 'pricing'], { retry: 3 }))
const causes: Causes = { 'orders.ask': { calls: { 'orders>inventory.ask': 2 } } }

test('three layers of three attempts make 27 requests of one; with budget and stamp 1.33 and 3', () => {
  const map = mapOf(planned(chain(['web', 'a', 'b', 'c'], { retry: 3 })))
  const path = map.paths.find(({ name }) => name === 'web.ask')

  assert.equal(path?.amplification.product, 27)
  assert.equal(path?.amplification.bounded.toFixed(3), '1.331')
  assert.equal(path?.amplification.down, 3)
  assert.deepEqual(path?.amplification.way, ['web.ask', 'a.ask', 'b.ask', 'c.ask'])
  assert.equal(path?.depth.calls, 3)
})

test('the example makes 54 requests without protection', () => {
  const naive = { budgetRatio: undefined, isStamped: false }
  const found = load(withPolicy(graphOf(example, causes), naive), 'web', 'pricing')

  assert.deepEqual([found?.base, found?.product, found?.bounded, found?.down], [2, 54, 54, 54])
})

test('the example makes 2.66 requests with a budget of 10 % on each edge', () => {
  const calling = withPolicy(graphOf(example, causes), { budgetRatio: 0.1 })

  assert.equal(load(calling, 'web', 'pricing')?.bounded.toFixed(3), '2.662')
})

test('the example makes 6 requests with a stamp, while pricing is down', () => {
  const calling = withPolicy(graphOf(example, causes), { isStamped: true })

  assert.equal(load(calling, 'web', 'pricing')?.down, 6)
})

test('M3: in a loop and behind it all is unbounded', () => {
  const plan = {
    web: { calls: { a: {} } },
    a: { calls: { b: {} } },
    b: { calls: { a: {}, c: {} } },
    c: {},
  }
  const calling = callingOf(graphOf(planned(plan)))

  for (const name of ['a', 'b', 'c']) assert.equal(load(calling, 'web', name)?.base, Infinity)
  assert.equal(load(calling, 'b', 'b')?.product, Infinity)
  assert.equal(load(calling, 'web', 'web')?.base, 1)
})

/** Services that call only those after them, each pair with an arrow or without. */
const graphs = fc
  .record({
    count: fc.integer({ min: 2, max: 6 }),
    arrows: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 15, maxLength: 15 }),
  })
  .map(({ count, arrows }) => {
    const names = Array.from({ length: count }, (_, index) => `s${index}`)
    let next = 0
    const plan = names.map((name, index) => {
      const calls = names.slice(index + 1).flatMap((to) => {
        const retry = arrows[next++] ?? 0
        return retry === 1 || retry === 2 || retry === 3 ? [[to, { retry }] as const] : []
      })
      return [name, { calls: Object.fromEntries(calls) }] as const
    })
    return graphOf(planned(Object.fromEntries(plan)))
  })

/** The product over every path, followed one by one. */
function byPaths(graph: Graph, from: string, to: string): number {
  const calls = graph.handlers.find(({ name }) => name === from)?.calls ?? []
  return calls.reduce(
    (sum, { arrow, times }) =>
      sum + times * arrow.policy.attemptsMax * byPaths(graph, `${arrow.target}.ask`, to),
    from === to ? 1 : 0,
  )
}

test('M1: walking the order once gives the same as following every path', () => {
  fc.assert(
    fc.property(graphs, (graph) => {
      const calling = callingOf(graph)
      const root = calling.handlers.findIndex(({ name }) => name === 's0.ask')

      for (const [place, found] of loadsFrom(calling, root)) {
        const { name } = at(calling.handlers, place)
        assert.equal(found.product, byPaths(graph, 's0.ask', name))
        assert.ok(found.base <= found.bounded && found.bounded <= found.product)
        assert.equal(heaviestWay(loadsFrom(calling, root), place)[0], root)
      }
    }),
    { numRuns: 200 },
  )
})

test('M1: budgets and stamps only take requests away', () => {
  const changes = fc.record({
    budgetRatio: fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { nil: undefined }),
    isStamped: fc.boolean(),
  })
  fc.assert(
    fc.property(graphs, changes, (graph, change) => {
      const calling = withPolicy(graph, change)
      const root = calling.handlers.findIndex(({ name }) => name === 's0.ask')

      for (const { base, product, bounded, down } of loadsFrom(calling, root).values()) {
        assert.ok(base <= bounded + 1e-9 && bounded <= product + 1e-9)
        assert.ok(base <= down && down <= product)
      }
    }),
    { numRuns: 200 },
  )
})
