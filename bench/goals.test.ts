import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Goal, goals, reached } from './goals.ts'
import { benches } from './benches.ts'
import type { Report, Row, Table } from './method/report.ts'

function row(name: string, value: number, ratioToFloor: number | null = null): Row {
  return { name, role: 'peer', value, spread: 0, ratioToFloor, ratioToBestPeer: null }
}

const rows = [row('holdfast', 40, 0.5), row('hono', 60), row('holdfast over HTTP', 100)]
const table: Table = {
  name: 'us',
  unit: 'µs',
  better: 'less',
  isCompared: true,
  rows,
  exponent: 0.4,
}
const report: Report = {
  bench: 'call',
  question: 'how much',
  unit: 'µs',
  rows,
  tables: [table],
  rounds: 5,
  missing: [],
  noise: { cpus: 2, busyShare: 0, loopSpread: 0 },
  tookMs: 1,
}

function found(goal: Partial<Goal>): readonly [number, boolean] | undefined {
  const whole: Goal = { text: '', bench: 'call', measure: 'us', of: 'value', because: '', ...goal }
  const [only] = reached([report], [whole])
  return only && [Number(only.found.toFixed(2)), only.isReached]
}

test('a goal is one number: a value, a ratio, a ratio to some row, or the power of a growth', () => {
  assert.deepEqual(found({ atMost: 40 }), [40, true])
  assert.deepEqual(found({ atMost: 39 }), [40, false])
  assert.deepEqual(found({ of: 'ratioToFloor', atLeast: 0.5 }), [0.5, true])
  assert.deepEqual(found({ of: { row: 'hono' }, atLeast: 1 }), [1.5, true])
  assert.deepEqual(found({ row: 'holdfast over HTTP', of: { row: 'hono' }, atLeast: 1 }), [
    0.6,
    false,
  ])
  assert.deepEqual(found({ of: 'exponent', atMost: 0.05 }), [0.4, false])
})

test('what was not measured is neither reached nor missed', () => {
  assert.equal(found({ bench: 'sim' }), undefined)
  assert.equal(found({ measure: 'ns' }), undefined)
  assert.equal(found({ of: { row: 'absent' } }), undefined)
  assert.equal(found({ of: 'ratioToBestPeer' }), undefined)
})

test('every goal has a bound, a reason for the day it is missed, and a bench that exists', () => {
  for (const { text, bench, atMost, atLeast, because } of goals) {
    assert.ok(benches.has(bench), bench)
    assert.ok((atMost === undefined) !== (atLeast === undefined), text)
    assert.notEqual(because, '', text)
  }
})
