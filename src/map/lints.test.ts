import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, type Plan, planned } from '../../test/support/map-systems.ts'
import { at } from './at.ts'
import type { Finding, FindingCode } from './finding.ts'
import { graphOf } from './graph.ts'
import { callingOf } from './calling.ts'
import { lint } from './lints.ts'
import { mapOf, type MapOptions } from './system-map.ts'

function found(plan: Plan, code: FindingCode, options: MapOptions = {}): readonly Finding[] {
  return mapOf(planned(plan), options).findings.filter((each) => each.code === code)
}

function one(plan: Plan, code: FindingCode, options: MapOptions = {}): Finding {
  const all = found(plan, code, options)
  assert.equal(all.length, 1, `${code}: ${all.length} found`)
  return at(all, 0)
}

test('a chain of two with an event behind it has nothing wrong', () => {
  const plan: Plan = { ...chain(['web', 'orders']), mail: { hears: ['orders'] } }
  const { findings } = mapOf(planned({ ...plan, web: { ...plan['web'], hears: ['mail'] } }))

  assert.deepEqual(
    findings.filter(({ severity }) => severity !== 'note'),
    [],
  )
})

test('a cycle of calls is an error that names the way around', () => {
  const plan: Plan = {
    web: { calls: { a: {} } },
    a: { calls: { b: {} } },
    b: { calls: { c: {}, a: {} } },
    c: { calls: { a: {} } },
  }
  const cycle = one(plan, 'cycle')

  assert.equal(cycle.severity, 'error')
  assert.equal(cycle.way.length, 3)
  assert.deepEqual([...new Set(cycle.way)].toSorted(), ['a.ask', 'b.ask'])
  assert.equal(cycle.way[0], cycle.way.at(-1))
  assert.deepEqual(found({ ...plan, c: {}, b: {} }, 'cycle'), [])
})

test('a service that calls itself is a cycle', () => {
  assert.deepEqual(one({ a: { calls: { a: {} } } }, 'cycle').way, ['a.ask', 'a.ask'])
})

test('a cycle that goes over an event is none', () => {
  const plan: Plan = { a: { calls: { b: {} }, hears: ['b'] }, b: {} }

  assert.deepEqual(found(plan, 'cycle'), [])
})

test('two services that own one database are an error that names both', () => {
  const shared = one({ a: { store: 'main' }, b: { store: 'main' }, c: {} }, 'shared-store')

  assert.deepEqual(shared.way, ['a', 'b'])
  assert.match(shared.says, /a and b declare one database/)
})

test('four calls on top of each other are a warning, seven an error, three neither', () => {
  const names = Array.from({ length: 8 }, (_, index) => `s${index}`)
  const severities = (length: number): string[] =>
    found(chain(names.slice(0, length), { retry: 1 }), 'deep').map(({ severity }) => severity)

  assert.deepEqual(severities(4), [])
  assert.deepEqual(severities(5), ['warning'])
  assert.deepEqual(severities(8), ['error'])
})

test('two layers that retry multiply, and the path is named; one layer does not', () => {
  const multiplied = one(chain(['web', 'a', 'b'], { retry: 3 }), 'retries-multiply')

  assert.match(multiplied.says, /one request may become 9 at b\.ask, and many become 1\.21 each/)
  assert.equal(multiplied.severity, 'note')
  assert.deepEqual(multiplied.way, ['web.ask', 'a.ask', 'b.ask'])
  const outermost = {
    ...chain(['web', 'a', 'b'], { retry: 1 }),
    web: { calls: { a: { retry: 3 } } },
  }
  assert.deepEqual(found(outermost as Plan, 'retries-multiply'), [])
})

test('attempts for which there is no time are a warning', () => {
  const plan = chain(['web', 'a'], { retry: 5, deadline: '100ms' })

  assert.match(one(plan, 'attempts-do-not-fit').says, /100 ms has room for 2 of 5/)
  assert.deepEqual(
    found(chain(['web', 'a'], { retry: 5, deadline: '2s' }), 'attempts-do-not-fit'),
    [],
  )
})

test('a deadline that its caller cannot wait for is a warning', () => {
  const plan: Plan = {
    web: { calls: { a: { deadline: '1s' } } },
    a: { calls: { b: { deadline: '2s' } } },
    b: {},
  }
  const { at: place, says } = one(plan, 'deadline-outlives-caller')

  assert.equal(place, 'a>b.ask')
  assert.match(says, /its 2 s cannot be used up: web>a\.ask gives a\.ask 1 s/)
})

test('calls that together take longer than their caller waits are worth a note', () => {
  const plan: Plan = {
    web: { calls: { a: { deadline: '1s' } } },
    a: { calls: { b: { deadline: '600ms' }, c: { deadline: '600ms' } } },
    b: {},
    c: {},
  }

  assert.match(one(plan, 'starved').says, /its 2 calls may take 1\.2 s/)
  assert.deepEqual(found(plan, 'starved', { causes: { 'a.ask': { calls: { 'a>b.ask': 1 } } } }), [])
})

test('a retry of what may act twice is an error, however it was declared', () => {
  const map = mapOf(planned(chain(['web', 'a'], { retry: 3 })))
  const calls = map.calls.map((each) => ({
    ...each,
    arrow: { ...each.arrow, isRepeatable: false },
  }))

  const [first] = lint({ ...map, calls })

  assert.equal(first?.code, 'retry-without-key')
})

test('an edge that no handler can use is a warning', () => {
  const plan: Plan = chain(['web', 'a'])
  const options: MapOptions = { causes: { 'web.ask': { calls: {} } } }

  assert.equal(one(plan, 'edge-without-ask', options).at, 'web>a.ask')
  assert.deepEqual(found(plan, 'edge-without-ask'), [])
})

test('a service that all paths need is named, and with it its store', () => {
  const calls = { hub: {} }
  const plan: Plan = { a: { calls }, b: { calls }, hub: { hears: ['a', 'b'] } }

  assert.deepEqual(
    found(plan, 'central-point').map((each) => each.at),
    ['hub', 'db(hub)'],
  )
  const softened = { calls: { hub: { hasFallback: true } } }
  assert.deepEqual(found({ a: softened, b: softened, hub: plan['hub'] ?? {} }, 'central-point'), [])
})

test('an event that nobody hears is worth a note', () => {
  const plan: Plan = { a: { hears: ['b'] }, b: {} }

  assert.deepEqual(
    found(plan, 'event-unheard').map((each) => each.at),
    ['a.told'],
  )
})

test('N1: callers stand before their callees', () => {
  const { handlers, steps } = callingOf(graphOf(planned(chain(['c', 'b', 'a', 'd']))))

  for (const [place, each] of steps.entries()) for (const { to } of each) assert.ok(to > place)
  assert.deepEqual(
    handlers.map(({ service }) => service),
    ['c', 'b', 'a', 'd'],
  )
})
