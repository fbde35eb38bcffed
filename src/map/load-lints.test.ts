/**
 * The numbers are worked out by hand: two ways in at 100 a second that both reach the third service
 * are 200 a second there, 220 with retries; 200 a second that may stay 1 s are 200 in the air.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chain, type Plan, planned } from '../../test/support/map-systems.ts'
import type { FindingCode } from './finding.ts'
import { mapOf, type MapOptions, type SystemMap } from './system-map.ts'
import { textOf } from './text.ts'

const diamond: Plan = {
  web: { calls: { stock: { retry: 3 } }, route: 'GET /web' },
  app: { calls: { stock: { retry: 3 } }, route: 'GET /app' },
  stock: {},
}

function says(map: SystemMap, code: FindingCode): readonly string[] {
  return map.findings.filter((each) => each.code === code).map((each) => each.says)
}

function drawn(options: MapOptions): SystemMap {
  return mapOf(planned(diamond), options)
}

/** So many services that all call one. */
function callers(count: number): Plan {
  const names = Array.from({ length: count }, (_, index) => `c${index}`)
  return { ...Object.fromEntries(names.map((each) => [each, { calls: { stock: {} } }])), stock: {} }
}

/** One service that calls so many. */
function fan(count: number): Plan {
  const names = Array.from({ length: count }, (_, index) => `s${index}`)
  return {
    web: { calls: Object.fromEntries(names.map((each) => [each, {}])) },
    ...Object.fromEntries(names.map((each) => [each, {}])),
  }
}

test('what arrives at a service is what arrives at the doors that lead to it, and retries', () => {
  const map = drawn({ ratePerSecond: 100, capacityPerSecond: { stock: 330 } })
  const stock = map.demands.find(({ service }) => service === 'stock')

  assert.equal(stock?.ratePerSecond, 200)
  assert.ok(Math.abs(stock.worstPerSecond - 220) < 1e-9)
  assert.ok(Math.abs((stock.margin ?? 0) - 1.5) < 1e-9)
  assert.match(
    textOf(map).join('\n'),
    /stock +200 requests a second, 220 with retries; it answers 330: margin 1\.5/,
  )
  assert.deepEqual(says(map, 'vulnerable'), [])
})

test('where retries alone may bring more than a service answers, it is vulnerable', () => {
  const map = drawn({ ratePerSecond: 100, capacityPerSecond: { stock: 210 } })

  assert.deepEqual(says(map, 'vulnerable'), [
    'up to 220 requests a second may come to stock, retries included, and it answers 210: only its admission keeps it up when something fails',
  ])
})

test("by Little's law a bulkhead of 64 is too small for 100 calls in the air, and two processes are not", () => {
  const one = drawn({ ratePerSecond: 100 })
  const two = drawn({ ratePerSecond: 100, instances: { web: 2, app: 2 } })

  assert.equal(says(one, 'bulkhead-too-small').length, 2)
  assert.match(
    says(one, 'bulkhead-too-small')[0] ?? '',
    /100 calls may be in the air at worst, and the edge allows 64 to all processes of web/,
  )
  assert.deepEqual(says(two, 'bulkhead-too-small'), [])
})

test('seven callers may send more than one process takes in, and six may not', () => {
  assert.deepEqual(says(mapOf(planned(callers(7))), 'callee-must-shed'), [
    '7 callers may have 448 requests at stock at once, and it takes in 256: the rest is refused',
  ])
  assert.deepEqual(says(mapOf(planned(callers(6))), 'callee-must-shed'), [])
})

test('eleven calls meet the slowest percent of one in ten requests, three do not', () => {
  assert.match(
    says(mapOf(planned(fan(11))), 'wide-fan-out')[0] ?? '',
    /one request makes 11 calls, .* met by 10\.5 % of requests/,
  )
  assert.deepEqual(says(mapOf(planned(fan(3))), 'wide-fan-out'), [])
})

test('D2: behind a loop the demand is unbounded, and said so', () => {
  const loop: Plan = { ...chain(['a', 'b']), b: { calls: { a: {} }, route: 'GET /b' } }
  const { demands } = mapOf(planned(loop), { ratePerSecond: 1, capacityPerSecond: { a: 5 } })

  assert.deepEqual(
    demands.map(({ ratePerSecond, margin }) => [ratePerSecond, margin]),
    [
      [Infinity, 0],
      [Infinity, undefined],
    ],
  )
})

test('a capacity of nobody, and none at all, are refused by name', () => {
  assert.throws(() => drawn({ capacityPerSecond: { shop: 1 } }), /'shop' is no service of it/)
  assert.throws(() => drawn({ instances: { stock: 0 } }), /'stock' .* 0 is not above 0/)
})
