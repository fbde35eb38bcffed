/**
 * Seeds over two processes give what one process gives.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type SeedResult, summarized } from '#sim'
import { simulate } from 'holdfast/sim'
import { scenario } from '../../examples/bank/bank.sim.ts'
import { banking } from '../../examples/bank/system.ts'
import { inWorkers } from '../../src/cli/sim-workers.ts'

const SEEDS = [1, 2, 3, 4, 5, 6]
const folder = fileURLToPath(new URL('../../examples/bank', import.meta.url))

test('R1: the trace hash does not depend on the number of processes', async () => {
  const heard: SeedResult[] = []
  const here = await simulate(banking, { ...scenario, seeds: SEEDS })

  const results = await inWorkers({
    path: folder,
    seeds: SEEDS,
    workers: 2,
    signal: new AbortController().signal,
    onProgress: (some) => void heard.push(...some),
  })

  assert.equal(summarized(results, scenario, 0).traceHash, here.traceHash)
  assert.equal(heard.length, SEEDS.length)
})

test('R3: what was stopped before it began is an empty result', async () => {
  const results = await inWorkers({
    path: folder,
    seeds: SEEDS,
    workers: 1,
    signal: AbortSignal.abort(),
    onProgress: () => undefined,
  })

  assert.deepEqual(results, [])
})
