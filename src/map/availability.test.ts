import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, type Plan, planned } from '../../test/support/map-systems.ts'
import { mapOf, type MapOptions } from './system-map.ts'
import type { Path } from './path.ts'

/** Stores are left out of the sum here unless they are its point. */
const soundStores = (names: readonly string[]): MapOptions => ({
  availability: Object.fromEntries(names.map((each) => [`db(${each})`, 1])),
})

function path(plan: Plan, name: string, options?: MapOptions): Path {
  const found = mapOf(planned(plan), options).paths.find((each) => each.name === name)
  assert.ok(found !== undefined, `there is a path ${name}`)
  return found
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`)
}

test('five services in a row at 99.9 % are up 99.501 % of the time', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const { availability } = path(chain(names), 'a.ask', soundStores(names))

  near(availability.withFallbacks.low, 0.999 ** 5)
})

test('an event takes a dependency off the path, and it stands behind the outbox', () => {
  const called = path({ a: { calls: { b: {} } }, b: {} }, 'a.ask')
  const heard = path({ a: { hears: ['b'] }, b: { hears: ['a'], route: 'GET /b' } }, 'b<a.told')

  near(called.availability.withFallbacks.low, 0.999 ** 4)
  near(heard.availability.withFallbacks.low, 0.999 ** 2)
  assert.deepEqual(called.behind, [])
  assert.deepEqual(heard.behind, ['a'])
})

test('a diamond over one database counts it once, where a product along the arrows counts it twice', () => {
  const calls = { left: {}, right: {} }
  const plan: Plan = {
    web: { calls },
    left: { calls: { base: {} } },
    right: { calls: { base: {} } },
    base: {},
  }
  const options = { availabilityDefault: 1, availability: { 'db(base)': 0.9 } }
  const { availability } = path(plan, 'web.ask', options)

  near(availability.withFallbacks.low, 0.9)
  assert.equal(availability.needs[0], 'db(base)')
})

test('V1: a fallback takes a dependency off the path, and both numbers are told', () => {
  const plan: Plan = { web: { calls: { a: { hasFallback: true }, b: {} } }, a: {}, b: {} }
  const { availability } = path(plan, 'web.ask')

  near(availability.withFallbacks.low, 0.999 ** 4)
  near(availability.withoutFallbacks.low, 0.999 ** 6)
  assert.ok(!availability.needs.includes('a'))
})

test('a cycle of calls does not hang the sum', () => {
  const plan: Plan = { a: { calls: { b: {} }, route: 'GET /a' }, b: { calls: { a: {} } } }

  near(path(plan, 'a.ask').availability.withFallbacks.low, 0.999 ** 4)
  assert.equal(path(plan, 'a.ask').depth.calls, Infinity)
})

test('an assumption about something that is not there is refused with what is', () => {
  assert.throws(
    () => mapOf(planned(chain(['a', 'b'])), { availability: { c: 0.5 } }),
    /'c' is no service and no store of it/,
  )
  assert.throws(
    () => mapOf(planned(chain(['a', 'b'])), { availabilityDefault: 99.9 }),
    /the availability of 'default' is 99\.9, not above 0 and up to 1/,
  )
  assert.throws(
    () => mapOf(planned(chain(['a', 'b'])), { workMs: { 'c.ask': 5 } }),
    /'c\.ask' is no handler of it/,
  )
})
