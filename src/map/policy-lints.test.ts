/**
 * Each lint of a policy is shown once where it speaks and once where it is silent.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, type Plan, planned } from '../../test/support/map-systems.ts'
import type { Finding, FindingCode } from './finding.ts'
import { mapOf, type MapOptions } from './system-map.ts'

function found(plan: Plan, code: FindingCode, options: MapOptions = {}): readonly Finding[] {
  return mapOf(planned(plan), options).findings.filter((each) => each.code === code)
}

test('a breaker that looks back less than two attempts hears of silence late', () => {
  const [blind] = found(chain(['web', 'a'], { deadline: '9s' }), 'breaker-blind')

  assert.match(blind?.says ?? '', /an attempt may take 5\.4 s, and its breaker looks back 10 s/)
  assert.deepEqual(found(chain(['web', 'a'], { deadline: '8s' }), 'breaker-blind'), [])
})

test('a hedge after the end of the first attempt is never sent', () => {
  const late = chain(['web', 'a'], { deadline: '1s', hedge: '600ms' })
  const [finding] = found(late, 'hedge-too-late')

  assert.match(finding?.says ?? '', /asked after 600 ms, and the first is given up after 600 ms/)
  assert.deepEqual(
    found(chain(['web', 'a'], { deadline: '1s', hedge: '80ms' }), 'hedge-too-late'),
    [],
  )
})

test('work that outlasts the first attempt is sent twice, and that is known beforehand', () => {
  const plan = chain(['web', 'a'], { deadline: '1s', retry: 3 })
  const [finding] = found(plan, 'attempt-too-short', { workMs: { 'a.ask': 700 } })

  assert.match(finding?.says ?? '', /a\.ask works for 700 ms, .* given up after 600 ms/)
  assert.deepEqual(found(plan, 'attempt-too-short', { workMs: { 'a.ask': 500 } }), [])
})

function needing(call: NonNullable<Plan[string]['calls']>[string]): Plan {
  return { web: { calls: { a: {} }, route: 'GET /web' }, a: { calls: { b: call } }, b: {} }
}

test('what is important must not need what is refused first, unless there is a fallback', () => {
  const [finding] = found(needing({ criticality: 'sheddable' }), 'criticality-inversion')

  assert.equal(finding?.at, 'a>b.ask')
  assert.match(finding.says, /a\.ask is asked as 'critical' .* asks for as 'sheddable'/)
  assert.deepEqual(found(needing({ criticality: 'critical-plus' }), 'criticality-inversion'), [])
  assert.deepEqual(
    found(needing({ criticality: 'sheddable', hasFallback: true }), 'criticality-inversion'),
    [],
  )
})
