/**
 * Goal: the map of a system that knows nothing of Holdfast says what its traces say.
 * Method: spans are written as exporters write them, and read back through the text.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isHoldfastError } from '#errors'
import { readOtlp } from './otlp.ts'
import { traceTextOf } from './trace-text.ts'
import { type TraceMap, traceMapOf } from './traces.ts'

/** A span as it is written down; `at` is its start and its end, in ms. */
interface Written {
  readonly id: string
  readonly in: string
  readonly of?: string
  readonly kind: number | string
  readonly name?: string
  readonly at: readonly [start: number, end: number]
  readonly failed?: boolean
  readonly has?: Readonly<Record<string, string | number>>
  readonly links?: string
}

/** One line of an export: one span in its own resource. */
function line({ id, of, at, has, links, failed, ...rest }: Written): string {
  const attributes = Object.entries(has ?? {}).map(([key, value]) => ({
    key,
    value: typeof value === 'number' ? { intValue: String(value) } : { stringValue: value },
  }))
  const span = {
    traceId: 't1',
    spanId: id,
    ...(of === undefined ? {} : { parentSpanId: of }),
    name: rest.name ?? 'work',
    kind: rest.kind,
    startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(at[0]) * 1_000_000n),
    endTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(at[1]) * 1_000_000n),
    attributes,
    links: links === undefined ? [] : [{ traceId: 't1', spanId: links }],
    status: failed === true ? { code: 2 } : {},
  }
  const resource = {
    attributes: [{ key: 'service.name', value: { stringValue: rest.in } }],
  }
  return JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })
}

function seen(...spans: readonly Written[]): TraceMap {
  return traceMapOf(readOtlp(spans.map(line).join('\n'), 'traces.json'))
}

const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5]

/** web asks orders twice, because the first answer was an error; orders asks its database. */
const shop: readonly Written[] = [
  { id: 'a', in: 'web', kind: SERVER, name: 'GET /', at: [0, 100] },
  { id: 'b', of: 'a', in: 'web', kind: CLIENT, at: [1, 20], failed: true },
  { id: 'c', of: 'a', in: 'web', kind: CLIENT, at: [30, 90] },
  {
    id: 'd',
    of: 'c',
    in: 'orders',
    kind: SERVER,
    name: 'GET /orders/7',
    at: [31, 89],
    has: { 'http.route': '/orders/:id', 'http.request.method': 'GET' },
  },
  {
    id: 'e',
    of: 'b',
    in: 'orders',
    kind: SERVER,
    name: 'GET /orders/7',
    at: [2, 19],
    has: { 'http.route': '/orders/:id', 'http.request.method': 'GET' },
  },
  {
    id: 'f',
    of: 'd',
    in: 'orders',
    kind: 'SPAN_KIND_CLIENT',
    name: 'SELECT',
    at: [40, 45],
    has: { 'db.system': 'postgresql' },
  },
]

test('calls have their time, their attempts, and the route instead of the path', () => {
  const [call] = seen(...shop).arrows

  assert.ok(call !== undefined)
  const { source, target, operation, count, failed, attemptsMean, ghost } = call
  assert.deepEqual(
    { source, target, operation, count, failed, attemptsMean, ghost },
    {
      source: 'web',
      target: 'orders',
      operation: 'GET /orders/:id',
      count: 2,
      failed: 1,
      attemptsMean: 2,
      ghost: undefined,
    },
  )
  assert.ok(call.p50Ms >= 19 && call.p50Ms < 19.4, `${call.p50Ms}`)
  assert.ok(call.p99Ms > 59.9 && call.p99Ms < 61.3, `${call.p99Ms}`)
})

test('who did not report is drawn as a ghost, on either side', () => {
  const database = seen(...shop).arrows.find(({ target }) => target === 'postgresql')
  const [called] = seen({ id: 'x', of: 'lost', in: 'orders', kind: SERVER, at: [0, 1] }).arrows

  assert.deepEqual([database?.operation, database?.ghost], ['SELECT', 'target'])
  assert.deepEqual(
    [called?.source, called?.target, called?.ghost],
    ['somebody', 'orders', 'source'],
  )
})

test('a way in is no arrow, and one that a proxy passed on is one', () => {
  const proxied = seen(
    { id: 'a', in: 'proxy', kind: SERVER, at: [0, 10] },
    { id: 'b', of: 'a', in: 'web', kind: SERVER, at: [1, 9] },
  )

  assert.deepEqual(
    proxied.arrows.map(({ source, target, ghost }) => [source, target, ghost]),
    [['proxy', 'web', undefined]],
  )
  assert.deepEqual(seen({ id: 'a', in: 'web', kind: SERVER, at: [0, 1] }).arrows, [])
})

test('calls side by side are no attempts, and what the client says is believed', () => {
  const call = { of: 'a', in: 'web', kind: CLIENT, has: { 'peer.service': 'mail' } }
  const beside = seen(
    { ...call, id: 'b', at: [0, 10], failed: true },
    { ...call, id: 'c', at: [5, 15] },
  )
  const resent = seen(
    { ...call, id: 'b', at: [0, 10] },
    { ...call, id: 'c', at: [20, 30], has: { ...call.has, 'http.request.resend_count': 1 } },
  )

  assert.equal(beside.arrows[0]?.attemptsMean, 1)
  assert.equal(resent.arrows[0]?.attemptsMean, 2)
})

test('a call after an attempt that helped is a new one, not a third attempt', () => {
  const call = { of: 'a', in: 'web', kind: CLIENT, has: { 'peer.service': 'mail' } }
  const { arrows } = seen(
    { ...call, id: 'b', at: [0, 10], failed: true },
    { ...call, id: 'c', at: [20, 30] },
    { ...call, id: 'd', at: [40, 50] },
  )

  assert.equal(arrows[0]?.attemptsMean, 1.5)
})

test('a server span inside its own service is no arrow', () => {
  const { arrows, depth } = seen(
    { id: 'a', in: 'web', kind: 1, at: [0, 10] },
    { id: 'b', of: 'a', in: 'web', kind: SERVER, at: [1, 9] },
  )

  assert.deepEqual([arrows.length, depth.calls], [0, 0])
})

test('depth counts who waits for whom, to whoever did not report, and ends at a message', () => {
  const { depth } = seen(
    ...shop,
    { id: 'p', of: 'd', in: 'orders', kind: PRODUCER, at: [50, 51] },
    { id: 'q', of: 'p', in: 'mail', kind: CONSUMER, at: [60, 70] },
    { id: 's', of: 'q', in: 'smtp', kind: SERVER, at: [60, 70] },
    { id: 't', of: 's', in: 'smtp', kind: CLIENT, at: [62, 63], has: { 'peer.service': 'dns' } },
    { id: 'r', of: 'q', in: 'mail', kind: CLIENT, at: [61, 62], has: { 'peer.service': 'smtp' } },
  )

  assert.deepEqual(depth, { calls: 2, way: ['web', 'orders', 'postgresql'] })
  assert.equal(seen(...shop.slice(0, 1)).depth.calls, 0)
})

test('an event is joined to its sending by a link, and its time is the lag', () => {
  const [event] = seen(
    { id: 'p', in: 'orders', kind: PRODUCER, at: [0, 10] },
    {
      id: 'q',
      in: 'mail',
      kind: CONSUMER,
      name: 'placed process',
      at: [250, 260],
      links: 'p',
      has: { 'messaging.destination.name': 'placed' },
    },
  ).arrows

  assert.deepEqual(
    [event?.kind, event?.source, event?.target, event?.operation, event?.ghost],
    ['event', 'orders', 'mail', 'placed', undefined],
  )
  assert.ok(event !== undefined && event.p50Ms >= 240 && event.p50Ms < 245)
})

test('T1: the order of the spans in the file does not matter', () => {
  assert.deepEqual(seen(...shop.toReversed()), seen(...shop))
})

test('one object over many lines is read as well as one a line', () => {
  const all = shop.flatMap((each) => JSON.parse(line(each)).resourceSpans)
  const text = JSON.stringify({ resourceSpans: all }, undefined, 2)

  assert.deepEqual(traceMapOf(readOtlp(text, 'traces.json')), seen(...shop))
})

test('a file that is cut off is refused with the line at which it ends', () => {
  const lines = shop.map(line)
  const cut = [...lines.slice(0, 2), (lines[2] ?? '').slice(0, -40)].join('\n')
  const pretty = JSON.stringify(JSON.parse(lines[0] ?? ''), undefined, 2).split('\n')
  const half = pretty.slice(0, 9).join('\n')

  const refusals: readonly (readonly [string, RegExp])[] = [
    [cut, /traces\.json, line 3: it is no JSON, or cut off: it ends in `/],
    [half, /line 9: it is no JSON, or cut off/],
    ['', /line 1: the file is empty/],
    ['{"spans":[]}', /line 1: it has no `resourceSpans`/],
    [`${lines[0]}\n[1]`, /line 2: it has no `resourceSpans`/],
  ]
  for (const [text, says] of refusals) {
    assert.throws(
      () => readOtlp(text, 'traces.json'),
      (error) => isHoldfastError(error, 'HF_TRACES_INVALID') && says.test(error.detail),
      String(says),
    )
  }
})

test('a span without id or time is counted, and a circle of parents ends', () => {
  const backwards = { traceId: 't', spanId: 's', startTimeUnixNano: '2', endTimeUnixNano: '1' }
  const odd = JSON.stringify({
    resourceSpans: [{ scopeSpans: [{ spans: [{ name: 'x' }, 7, backwards] }] }],
  })

  const map = traceMapOf(readOtlp(odd, 'traces.json'))
  const circle = seen(
    { id: 'a', of: 'b', in: 'web', kind: SERVER, at: [0, 1] },
    { id: 'b', of: 'a', in: 'web', kind: SERVER, at: [0, 1] },
  )

  assert.deepEqual([map.spans, map.broken], [0, 3])
  assert.match(traceTextOf(map).join('\n'), /left out: 3 spans without an id or a time/)
  assert.deepEqual(circle.depth.way, ['web'])
})

test('the text says each arrow with what was measured, and marks the ghosts', () => {
  const text = traceTextOf(seen(...shop)).join('\n')

  assert.match(text, /^as seen {2}2 services · 2 arrows · 1 trace · 6 spans/)
  assert.match(
    text,
    /web +==GET \/orders\/:id==> +orders +p50 .*, 2 attempts each, 50\.00 % failed, 2 seen/,
  )
  assert.match(text, /orders +\.\.SELECT\.\.> +postgresql +.*GHOST: the target did not report/)
  assert.match(text, /depth {2}2: web > orders > postgresql/)
})
