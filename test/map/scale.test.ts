/**
 * Goal: the map of a large company is drawn while somebody waits. Method: a thousand services with
 * up to seven calls each to services after them, and an event each; every number, and the text.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonOf, mapOf, textOf } from '#map'
import { type Plan, planned } from '../support/map-systems.ts'

const SERVICES = 1_000
const CALLS = 7

function name(index: number): string {
  return `s${index}`
}

function large(): Plan {
  const services = Array.from({ length: SERVICES }, (_, index) => {
    const targets = Array.from(
      { length: CALLS },
      (__, call) => index + 1 + ((index * 7 + call * 57) % 400),
    )
    const calls = targets
      .filter((each) => each < SERVICES)
      .map((each) => [name(each), { retry: 2 }])
    const hears = index === 0 ? [] : [name(index - 1)]
    return [name(index), { calls: Object.fromEntries(calls), hears, route: `GET /s${index}` }]
  })
  return Object.fromEntries(services)
}

test('a thousand services and five thousand calls are worked out and printed in seconds', (context) => {
  const system = planned(large())
  const startedMs = performance.now()
  const bytesBefore = process.memoryUsage().heapUsed

  const map = mapOf(system)
  const lines = textOf(map)

  const tookMs = performance.now() - startedMs
  const megabytes = (process.memoryUsage().heapUsed - bytesBefore) / 2 ** 20
  context.diagnostic(
    `${map.calls.length} calls, ${map.paths.length} paths, ${lines.length} lines: ` +
      `${tookMs.toFixed(0)} ms, ${megabytes.toFixed(0)} MB`,
  )
  assert.ok(map.calls.length >= 5_000 && map.paths.length >= SERVICES)
  assert.ok(lines.length > 6_000)
  assert.equal(JSON.stringify(jsonOf(map)).includes('null,null'), false)
  // Ten times what it takes, since whoever runs this may have better things to do.
  assert.ok(tookMs < 20_000, `${tookMs} ms`)
})
