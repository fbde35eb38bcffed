import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bench, Measure, Role, Subject } from './bench.ts'
import { report } from './report.ts'
import type { Rounds } from './rounds.ts'

const ns: Measure = { name: 'ns', unit: 'ns per call', better: 'less', isCompared: true }
const rate: Measure = { name: 'rate', unit: 'calls/s', better: 'more', isCompared: true }

function subject(name: string, role: Role): Subject {
  return { name, role, open: () => Promise.reject(new Error('only its name is needed')) }
}

const bench: Bench = { name: 'demo', question: 'how much', measures: [ns, rate], subjects: [] }

function run(samples: readonly (readonly [string, Role, number, number])[]): Rounds {
  return {
    measured: samples.map(([name, role, each, perSecond]) => ({
      subject: subject(name, role),
      samples: [{ ns: each, rate: perSecond }],
    })),
    missing: ['absent: not installed'],
    noise: { cpus: 2, busyShare: 0.1, loopSpread: 0.02 },
    tookMs: 12.3,
  }
}

const found = report(
  bench,
  1,
  run([
    ['by hand', 'floor', 100, 10],
    ['slow peer', 'peer', 1_000, 1],
    ['fast peer', 'peer', 400, 2],
    ['variant', 'variant', 50, 20],
    ['holdfast', 'holdfast', 200, 8],
  ]),
)

test('the headline is the first measure, and our row is named holdfast', () => {
  const ours = found.rows.find(({ name }) => name === 'holdfast')

  assert.equal(found.unit, 'ns per call')
  assert.deepEqual([ours?.value, ours?.ratioToFloor, ours?.ratioToBestPeer], [200, 0.5, 2])
})

test('P1: the best peer is found for each measure, and neither floor nor variant is one', () => {
  const [, rates] = found.tables
  const ours = rates?.rows.find(({ name }) => name === 'holdfast')

  assert.equal(ours?.ratioToBestPeer, 4)
  assert.equal(found.rows.find(({ name }) => name === 'fast peer')?.ratioToBestPeer, 1)
  assert.equal(found.rows.find(({ name }) => name === 'slow peer')?.ratioToBestPeer, 0.4)
})

test('where nobody is to compare with, a ratio is null and not a number', () => {
  const alone = report(bench, 1, run([['holdfast', 'holdfast', 200, 0]]))

  assert.deepEqual(
    alone.tables.map(({ rows: [row] }) => [row?.ratioToFloor, row?.ratioToBestPeer]),
    [
      [null, null],
      [null, null],
    ],
  )
})

test('who could not be measured is named', () => {
  assert.deepEqual(found.missing, ['absent: not installed'])
})

test('where subjects have sizes, a table says with which power its values grow', () => {
  const { tables } = report(bench, 1, { ...run([]), measured: [sized(10), sized(1_000)] })

  assert.deepEqual(
    tables.map(({ exponent }) => exponent),
    [1, 0],
  )
})

/** A subject that costs five for each of its size, and does nine a second whatever it is. */
function sized(size: number): Rounds['measured'][number] {
  const one = { ...subject(`${size}`, 'variant'), size }
  return { subject: one, samples: [{ ns: 5 * size, rate: 9 }] }
}
