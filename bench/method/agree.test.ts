import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agreementOf } from './agree.ts'
import type { Report, Row, Table } from './report.ts'

function row(name: string, ratioToFloor: number, ratioToBestPeer: number | null): Row {
  return { name, role: 'peer', value: 1, spread: 0, ratioToFloor, ratioToBestPeer }
}

function run(rows: readonly Row[], isCompared = true): Report {
  const table: Table = { name: 'us', unit: 'µs per call', better: 'less', isCompared, rows }
  const noise = { cpus: 2, busyShare: 0, loopSpread: 0 }
  const rest = { rows, tables: [table], rounds: 5, missing: [], noise, tookMs: 1 }
  return { bench: 'call', question: 'how much', unit: 'µs per call', ...rest }
}

test('A2: the row in which the runs differ most is named, with the ratio and by how much', () => {
  const runs = [
    run([row('holdfast', 0.5, 1), row('hono', 0.8, 1)]),
    run([row('holdfast', 0.55, 1.02), row('hono', 0.9, 1)]),
    run([row('holdfast', 0.5, 0.98), row('hono', 1, 1)]),
  ]

  const { worst, worstShare, runs: count } = agreementOf(runs)

  assert.equal(count, 3)
  assert.equal(worst, 'hono, µs per call, to the floor')
  assert.equal(worstShare.toFixed(3), '0.250')
})

test('A1: what is shown only may differ as it likes', () => {
  const runs = [run([row('holdfast', 0.5, 1)], false), run([row('holdfast', 5, 9)], false)]

  assert.deepEqual(agreementOf(runs), { runs: 2, worstShare: 0, worst: '' })
})

test('a ratio that only one run has says nothing about agreement', () => {
  const runs = [run([row('holdfast', 0.5, null)]), run([row('holdfast', 0.5, 3)])]

  assert.equal(agreementOf(runs).worstShare, 0)
})
