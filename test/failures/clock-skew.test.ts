/**
 * T1: last write wins, and the last clock is wrong.
 *
 * Goal: a correction that was made by somebody who had read what it corrects is not lost to it. Method:
 * a badge hears of both and keeps the later one, in worlds whose clocks are wrong by up to two seconds
 * and whose messages overtake each other; once by the wall clocks of the writers, once by their stamps.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulate, type SimulationResult } from 'holdfast/sim'
import { naming, type Order, writeAndCorrect } from './support/names.ts'

const CUSTOMERS = 5

function corrected(order: Order): Promise<SimulationResult> {
  return simulate(naming(order), {
    seeds: 15,
    faults: ['skew', 'delay'],
    load: async (world) => {
      await world.many(CUSTOMERS, (n) => writeAndCorrect(world, `c${n}`))
    },
    settled: {
      'the badge bears the correction': async ({ sql }) => {
        const rows = await sql('badge')`select name from badge`
        return rows.length === CUSTOMERS && rows.every((row) => row['name'] === 'Ada')
      },
    },
  })
}

test('by wall clock a correction is lost whose author has the slower clock', async () => {
  const { violations } = await corrected('by wall clock')

  assert.ok(violations.length > 0)
  assert.equal(violations[0]?.check, 'the badge bears the correction')
  assert.ok(violations[0]?.faults.some((name) => name.startsWith('skew:')))
})

test('by stamp the correction stays, though the same clocks are as wrong', async () => {
  const { violations, faultsFired } = await corrected('by stamp')

  assert.deepEqual(violations, [])
  assert.ok((faultsFired['skew'] ?? 0) >= 3)
})
