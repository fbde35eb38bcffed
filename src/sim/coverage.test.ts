import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coverageOf, placesOf } from './coverage.ts'

test('a fault is counted at the edge, process or database that it struck', () => {
  assert.deepEqual(placesOf('lost-answer:orders>payments#4'), ['orders>payments'])
  assert.deepEqual(placesOf('partition:a|b#0'), ['a>b', 'b>a'])
  assert.deepEqual(placesOf('crash:orders at commit#7'), ['orders'])
  assert.deepEqual(placesOf('pause:orders>payments sending#7'), ['orders'])
  assert.deepEqual(placesOf('connection-lost:after bank#1'), ['db:bank'])
  assert.deepEqual(placesOf('skew:db:bank'), ['db:bank'])
})

test('O1: what never happened to a place is a zero', () => {
  const coverage = coverageOf({
    fired: ['loss:a>b#0', 'loss:a>b#1'],
    edges: ['a>b', 'b>a'],
    processes: ['a'],
    databases: [],
    operations: ['b.pay', 'b<a.paid'],
    serviceOf: {},
    operationsStruck: ['loss b.pay'],
    allowed: ['loss', 'crash'],
  })

  assert.deepEqual(coverage, [
    { place: 'b.pay', faults: { loss: 1 } },
    { place: 'b<a.paid', faults: { loss: 0 } },
    { place: 'a>b', faults: { loss: 2 } },
    { place: 'b>a', faults: { loss: 0 } },
    { place: 'a', faults: { crash: 0 } },
  ])
})

test('O2: what strikes an instance on its edge counts for the edge of its service', () => {
  const coverage = coverageOf({
    fired: ['loss:a-1>b-2#0', 'partition:a-2|b-1#0', 'crash:b-2#0'],
    edges: ['a>b'],
    processes: ['a-1', 'a-2', 'b-1', 'b-2'],
    databases: [],
    operations: [],
    serviceOf: { 'a-1': 'a', 'a-2': 'a', 'b-1': 'b', 'b-2': 'b' },
    operationsStruck: [],
    allowed: ['loss', 'crash', 'partition'],
  })

  assert.deepEqual(coverage[0], { place: 'a>b', faults: { loss: 1, partition: 1 } })
  assert.deepEqual(coverage.at(-1), { place: 'b-2', faults: { crash: 1 } })
})
