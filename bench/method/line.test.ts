import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lineOf } from './line.ts'
import type { Report, Row } from './report.ts'

const rows: readonly Row[] = [
  {
    name: 'by hand',
    role: 'floor',
    value: 20,
    spread: 0.1,
    ratioToFloor: 1,
    ratioToBestPeer: null,
  },
  {
    name: 'holdfast',
    role: 'holdfast',
    value: 40,
    spread: 0.2,
    ratioToFloor: 0.5,
    ratioToBestPeer: 2,
  },
]

test('the last line has exactly the fields that were promised, and nothing of how they were found', () => {
  const report: Report = {
    bench: 'call',
    question: 'how much',
    unit: 'µs',
    rows,
    tables: [],
    rounds: 5,
    missing: [],
    noise: { cpus: 2, busyShare: 0, loopSpread: 0 },
    tookMs: 1,
  }

  assert.deepEqual(JSON.parse(JSON.stringify(lineOf(report))), {
    bench: 'call',
    unit: 'µs',
    rows: [
      { name: 'by hand', value: 20, spread: 0.1, ratioToFloor: 1, ratioToBestPeer: null },
      { name: 'holdfast', value: 40, spread: 0.2, ratioToFloor: 0.5, ratioToBestPeer: 2 },
    ],
  })
})
