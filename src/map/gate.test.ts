import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, planned } from '../../test/support/map-systems.ts'
import { breachesOf, type Limits } from './gate.ts'
import { mapOf } from './system-map.ts'

const map = mapOf(planned(chain(['web', 'a', 'b', 'c'], { retry: 3, deadline: '1s' })))

function gates(limits: Limits): readonly string[] {
  return breachesOf(map, limits).map(({ gate, path }) => `${gate} ${path}`)
}

test('a limit that is met exactly holds', () => {
  const limits = {
    amplificationMax: 27,
    latencyMsMax: 1_000,
    depthMax: 3,
    availabilityMin: 0.999 ** 8,
  }

  assert.deepEqual(gates(limits), [])
  assert.deepEqual(gates({}), [])
})

test('a limit that is broken names the path, the number and the limit', () => {
  assert.deepEqual(gates({ amplificationMax: 26 }), ['amplification web.ask'])
  assert.deepEqual(gates({ latencyMsMax: 999 }), ['latency web.ask'])
  assert.deepEqual(gates({ depthMax: 2 }), ['depth web.ask'])
  assert.deepEqual(gates({ availabilityMin: 0.9921 }), ['availability web.ask'])

  const [loud] = breachesOf(map, { amplificationMax: 26 })
  assert.equal(
    loud?.says,
    'one request becomes 27, at most 26 may be: web.ask > a.ask > b.ask > c.ask',
  )
})

test('what is unbounded breaks every limit', () => {
  const loop = mapOf(planned({ a: { calls: { b: {} }, route: 'GET /a' }, b: { calls: { a: {} } } }))
  const breaches = breachesOf(loop, { amplificationMax: 1e12, depthMax: 1_000 })

  assert.deepEqual(
    breaches.map(({ gate }) => gate),
    ['amplification', 'depth'],
  )
  assert.match(breaches[0]?.says ?? '', /becomes unbounded/)
})
