import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeRandom } from '#world'
import { childTrace, formatTraceparent, newTrace, parseTraceparent } from './trace.ts'

test('a trace survives the header', () => {
  const trace = newTrace(nodeRandom)
  assert.deepEqual(parseTraceparent(formatTraceparent(trace)), trace)
})

test('a child keeps the trace and has a span of its own', () => {
  const parent = newTrace(nodeRandom)
  const child = childTrace(nodeRandom, parent)
  assert.equal(child.traceId, parent.traceId)
  assert.notEqual(child.spanId, parent.spanId)
})

test('a malformed or empty traceparent begins a new trace instead of being believed', () => {
  const zeros = `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`
  for (const header of [
    undefined,
    '',
    'hello',
    zeros,
    `00-${'A'.repeat(32)}-${'1'.repeat(16)}-01`,
  ]) {
    assert.equal(parseTraceparent(header), undefined)
  }
})
