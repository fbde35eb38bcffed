import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SeedResult } from './run.ts'
import { merged, summarized } from './summary.ts'

function result(seed: number): SeedResult {
  return {
    violations: [],
    simulatedMs: 100 * seed,
    events: seed,
    hash: `h${seed}`,
    faultsFired: [`loss:a>b#${seed}`, ...(seed === 3 ? ['crash:b#0'] : [])],
    places: {
      edges: ['a>b'],
      processes: ['a', 'b'],
      databases: [],
      operations: ['b.pay'],
      serviceOf: {},
    },
    operationsStruck: ['loss b.pay'],
    reached: seed === 2 ? ['it rains'] : [],
    trace: undefined,
    steps: undefined,
    occasions: [],
    operations: 1,
  }
}

test('two summaries as one say what one summary of all would say, but for the hash', () => {
  const options = { sometimes: { 'it rains': () => true, 'it snows': () => true } }
  const of = (...seeds: readonly number[]) => summarized(seeds.map(result), options, 5)

  const { traceHash: _, ...both } = merged(of(1, 2), of(3))
  const { traceHash, ...all } = of(1, 2, 3)

  assert.deepEqual(both, { ...all, wallMs: 10 })
  assert.deepEqual(all.unreached, ['it snows'])
  assert.notEqual(traceHash, '')
})
