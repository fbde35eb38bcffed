/**
 * The map of the market: the numbers worked out by hand, and each language held against its rules.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { jsonOf, mapOf, observationOf, svgOf, textOf } from '#map'
import { market } from '../../examples/market/system.ts'
import { schemaFaults } from '../support/json-schema.ts'
import { chain, planned } from '../support/map-systems.ts'

const map = mapOf(market)
const schema: Readonly<Record<string, unknown>> = JSON.parse(
  readFileSync('docs/reference/map.schema.json', 'utf8'),
)

test('the market has nothing wrong', () => {
  assert.deepEqual(map.findings, [])
})

test('placing an order waits for nobody, and five parts work behind the outbox', () => {
  const place = map.paths.find(({ name }) => name === 'orders.place')

  assert.equal(place?.waits.enforcedMs, 0)
  assert.equal(place.amplification.bounded, 1)
  assert.equal(place.availability.withFallbacks.low.toFixed(6), '0.998001')
  assert.deepEqual(place.availability.needs, ['orders', 'db(orders)'])
  assert.deepEqual(place.behind, ['inventory', 'ledger', 'payments', 'provider'])
})

test('charging a card waits 2 s at most, asks three times at most, and needs the provider', () => {
  const charge = map.paths.find(({ name }) => name === 'payments<inventory.reserved')

  assert.deepEqual(
    [charge?.waits.enforcedMs, charge?.waits.unenforcedMs, charge?.amplification.bounded],
    [2_000, 6_150, 3],
  )
  assert.equal(charge?.availability.withFallbacks.low.toFixed(9), '0.997002999')
})

test('no two lines of the drawing of the market cross', () => {
  const lines = [...svgOf(map).matchAll(/class="ray" d="([^"]+)"/g)].map(([, d = '']) => traced(d))

  assert.equal(lines.length, 8)
  for (const [index, one] of lines.entries())
    for (const other of lines.slice(index + 1)) assert.ok(!meet(one, other))
  assert.ok(meet(traced('M0 0L9 9'), traced('M0 9L9 0')), 'lines that cross are found')
})

type Spot = readonly [x: number, y: number]

/** The path of an SVG as many short straight pieces. */
function traced(d: string): readonly Spot[] {
  const line: Spot[] = []
  for (const [, kind, rest = ''] of d.matchAll(/([MLC])([^MLC]+)/g)) {
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = rest.trim().split(/\s+/).map(Number)
    const [x0, y0] = line.at(-1) ?? [x1, y1]
    if (kind !== 'C') line.push([x1, y1])
    else {
      for (let step = 1; step <= 16; step += 1) {
        const [t, u] = [step / 16, 1 - step / 16]
        const mix = (a: number, b: number, c: number, e: number): number =>
          u ** 3 * a + 3 * u ** 2 * t * b + 3 * u * t ** 2 * c + t ** 3 * e
        line.push([mix(x0, x1, x2, x3), mix(y0, y1, y2, y3)])
      }
    }
  }
  return line
}

function meet(one: readonly Spot[], other: readonly Spot[]): boolean {
  return pieces(one).some(([a, b]) =>
    pieces(other).some(
      ([c, e]) => side(a, b, c) * side(a, b, e) < 0 && side(c, e, a) * side(c, e, b) < 0,
    ),
  )
}

function pieces(line: readonly Spot[]): readonly (readonly [Spot, Spot])[] {
  return line.slice(1).map((to, index) => [line[index] ?? to, to])
}

function side([ax, ay]: Spot, [bx, by]: Spot, [cx, cy]: Spot): number {
  return (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
}

test('the JSON is what its schema says, declared and observed', () => {
  const observed = mapOf(market, {
    ratePerSecond: 5,
    availability: { provider: 0.99 },
    observation: observationOf([
      { fact: 'called', edge: 'payments>provider.charge', ended: 'done', attempts: 1, tookMs: 9 },
      { fact: 'delivered', edge: 'orders>inventory', event: 'orders.placed', lagMs: 9 },
      { fact: 'called', edge: 'ledger>bank.pay', ended: 'unknown', attempts: 1, tookMs: 9 },
    ]),
  })
  const loop = mapOf(planned({ ...chain(['a', 'b']), b: { calls: { a: {} }, route: 'GET /b' } }))

  for (const each of [map, observed, loop])
    assert.deepEqual(schemaFaults(schema, JSON.parse(JSON.stringify(jsonOf(each)))), [])
})

test('the check of the schema finds what is missing, what is too much and what has another type', () => {
  const json: Record<string, unknown> = JSON.parse(JSON.stringify(jsonOf(map)))
  const broken = { ...json, version: 2, system: undefined, more: 1, ghosts: [1] }

  assert.deepEqual(schemaFaults(schema, JSON.parse(JSON.stringify(broken))).toSorted(), [
    '$.ghosts[0]: integer, not string',
    "$.version: '2' is not listed",
    "$: 'more' is not described",
    "$: 'system' is missing",
  ])
})

test('every code of a finding has its section in docs/map.md, and every section a code', () => {
  const page = readFileSync('docs/map.md', 'utf8')
  const sections = [...page.matchAll(/^\| `([a-z-]+)` +\| (?:error|warning|note)/gm)].map(
    ([, code]) => code,
  )
  const source = readFileSync('src/map/finding.ts', 'utf8')
  const codes = [...source.matchAll(/^ {2}\| '([a-z-]+)'$/gm)].map(([, code]) => code)

  assert.ok(codes.length > 10)
  assert.deepEqual(new Set(sections), new Set(codes))
  assert.equal(sections.length, codes.length)
})

test('the text of the market that docs/map.md shows is the one that is printed', () => {
  const page = readFileSync('docs/map.md', 'utf8')
  const text = textOf(map)

  const shown = /```text\n(market {2}[\s\S]*?)\n```/.exec(page)?.[1]?.split('\n') ?? []
  assert.ok(shown.length > 5)
  for (const line of shown.filter((each) => each !== '…')) assert.ok(text.includes(line), line)
})
