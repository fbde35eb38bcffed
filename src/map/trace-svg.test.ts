import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Export, Span } from './otlp.ts'
import { traceSvgOf } from './trace-svg.ts'
import { traceMapOf } from './traces.ts'

function span(id: string, kind: Span['kind'], service: string, more: Partial<Span> = {}): Span {
  return {
    id,
    traceId: 't',
    parent: undefined,
    links: [],
    service,
    name: `GET /${service}`,
    kind,
    startMs: 0,
    endMs: 40,
    isFailed: false,
    attributes: new Map(),
    ...more,
  }
}

/** Web asks orders, which asks a bank that reports nothing, and tells mail. */
const seen: Export = {
  broken: 0,
  spans: [
    span('1', 'client', 'web'),
    span('2', 'server', 'orders', { parent: '1' }),
    span('3', 'client', 'orders', { attributes: new Map([['peer.service', 'bank']]) }),
    span('4', 'producer', 'orders'),
    span('5', 'consumer', 'mail', { links: ['4'], startMs: 90, name: 'placed' }),
  ],
}

test('what was seen is drawn: calls solid, events dotted, who did not report in dashes', () => {
  const svg = traceSvgOf(traceMapOf(seen))
  const arrows = [...svg.matchAll(/<g class="(\w+ \w+)"><title>([^<]+)<\/title>/g)].map(
    ([, kind, said]) => `${kind}: ${said}`,
  )

  assert.deepEqual(arrows.toSorted(), [
    'call ghost: orders to bank, call: GET /orders, p99 40 ms, 1 seen, one end did not report',
    'call seen: web to orders, call: GET /orders, p99 40 ms, 1 seen',
    'event seen: orders to mail, event: placed, lag p99 50 ms, 1 seen',
  ])
  assert.match(svg, /class="stranger"/)
  assert.match(svg, /class="mono small observed"/)
  assert.equal(svg, traceSvgOf(traceMapOf(seen)))
})

test('of more arrows than anybody can read the most used are drawn, and the rest is counted', () => {
  const names = Array.from({ length: 150 }, (_, index) => `s${index}`)
  const spans = names
    .slice(1)
    .flatMap((name, index) => [
      span(`c${index}`, 'client', names[index] ?? ''),
      span(`s${index}`, 'server', name, { parent: `c${index}` }),
    ])
  const svg = traceSvgOf(traceMapOf({ spans, broken: 0 }))
  const drawn = svg.match(/class="ray"/g)?.length ?? 0

  assert.ok(drawn > 80 && drawn < 120, `${drawn} drawn`)
  assert.match(svg, new RegExp(`${149 - drawn} arrows taken less often are not drawn`))
})

test('no traces are drawn as nothing', () => {
  assert.match(traceSvgOf(traceMapOf({ spans: [], broken: 0 })), /0 services/)
})
