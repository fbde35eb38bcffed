/**
 * The map of the market: the numbers worked out by hand, and each language held against its rules.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { mapOf, svgOf, textOf } from '#map'
import { market } from '../../examples/market/system.ts'

const map = mapOf(market)

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
    [charge?.waits.enforcedMs, charge?.waits.unenforcedMs, charge?.amplification.product],
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

test('every code of a finding has its row in docs/reference/findings.md, and every row a code', () => {
  const page = readFileSync('docs/reference/findings.md', 'utf8')
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
