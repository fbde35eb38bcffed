import assert from 'node:assert/strict'
import { test } from 'node:test'
import { regressions } from './compare.ts'
import type { Report, Row, Table } from './report.ts'

function row(name: string, value: number, ratioToFloor: number | null): Row {
  const role = name === 'holdfast' ? 'holdfast' : 'peer'
  return { name, role, value, spread: 0.01, ratioToFloor, ratioToBestPeer: null }
}

function reportOf(rows: readonly Row[], table: Partial<Table> = {}): Report {
  const measure = { name: 'us', unit: 'µs per call', better: 'less', isCompared: true } as const
  const tables = [{ ...measure, rows, ...table }]
  const noise = { cpus: 2, busyShare: 0, loopSpread: 0 }
  const rest = { rows, tables, rounds: 5, missing: [], noise, tookMs: 1 }
  return { bench: 'call', question: 'how much', unit: 'µs per call', ...rest }
}

const before = [reportOf([row('node:http', 50, 1), row('holdfast', 100, 0.5)])]

test('G2: a slow-down by 30 % is a regression, and the sentence says of what, from what, to what', () => {
  const found = regressions(before, [reportOf([row('holdfast', 130, 0.5 / 1.3)])])

  assert.deepEqual(found, [
    'call, µs per call: holdfast was 0.50 of the floor and is 0.38: 30 % worse',
  ])
})

test('G2: what differs by less than three runs of one commit do is none', () => {
  assert.deepEqual(regressions(before, [reportOf([row('holdfast', 115, 0.5 / 1.15)])]), [])
  assert.deepEqual(regressions(before, [reportOf([row('holdfast', 60, 0.9)])]), [])
})

test('G1: a machine that is three times slower for all is no regression', () => {
  const slower = [reportOf([row('node:http', 150, 1), row('holdfast', 300, 0.5)])]

  assert.deepEqual(regressions(before, slower), [])
})

test('a peer that became slower is no regression of ours', () => {
  const was = [reportOf([row('fastify', 50, 1), row('holdfast', 100, 0.5)])]
  const is = [reportOf([row('fastify', 500, 0.1), row('holdfast', 100, 0.5)])]

  assert.deepEqual(regressions(was, is), [])
})

test('what is shown only is never a regression', () => {
  const shown = { isCompared: false }
  const was = [reportOf([row('holdfast', 100, 0.5)], shown)]

  assert.deepEqual(regressions(was, [reportOf([row('holdfast', 900, 0.05)], shown)]), [])
})

test('G3: a row or a table that is no longer measured is named', () => {
  assert.deepEqual(regressions(before, [reportOf([])]), [
    'call, µs per call: holdfast is no longer measured',
  ])
  assert.deepEqual(regressions(before, [reportOf([], { name: 'other' })]), [
    'call, µs per call: is no longer measured',
  ])
})
